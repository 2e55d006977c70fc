#include "clean/number_rows.h"

#include <algorithm>

#include "sketch/hash.h"

namespace gristmill {

void NumberRows::add(int64_t position, const double* cells) {
  const bool known =
      std::any_of(cells, cells + columns_, [](double cell) { return !std::isnan(cell); });
  if (!known) return;
  rows_.push_back({hash_number(position), position, {cells, cells + columns_}});
  if (rows_.size() >= 2 * most_) trim();
}

void NumberRows::merge(const NumberRows& later) {
  for (const Row& row : later.rows_) {
    rows_.push_back(row);
    if (rows_.size() >= 2 * most_) trim();
  }
}

void NumberRows::trim() {
  if (rows_.size() <= most_) return;
  std::nth_element(rows_.begin(), rows_.begin() + int64_t(most_), rows_.end());
  rows_.resize(most_);
}

std::vector<double> NumberRows::rows() const {
  NumberRows drawn = *this;
  drawn.trim();
  std::sort(drawn.rows_.begin(), drawn.rows_.end(),
            [](const Row& a, const Row& b) { return a.position < b.position; });
  std::vector<double> out;
  for (const Row& row : drawn.rows_) out.insert(out.end(), row.cells.begin(), row.cells.end());
  return out;
}

Scaling Scaling::of(const std::vector<double>& rows, size_t columns) {
  Scaling scaling{std::vector<double>(columns, 0), std::vector<double>(columns, 1)};
  for (size_t c = 0; c < columns; ++c) {
    double sum = 0, squares = 0, count = 0;
    for (size_t i = c; i < rows.size(); i += columns) {
      if (std::isnan(rows[i])) continue;
      sum += rows[i];
      ++count;
    }
    const double mean = count == 0 ? 0 : sum / count;
    for (size_t i = c; i < rows.size(); i += columns) {
      if (!std::isnan(rows[i])) squares += (rows[i] - mean) * (rows[i] - mean);
    }
    scaling.mean[c] = mean;
    const double deviation = count == 0 ? 0 : std::sqrt(squares / count);
    scaling.deviation[c] = deviation > 0 && std::isfinite(deviation) ? deviation : 1;
  }
  return scaling;
}

}  // namespace gristmill
