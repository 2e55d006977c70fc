#include "clean/row_sample.h"

#include <algorithm>

#include "clean/cells.h"
#include "sketch/hash.h"

namespace gristmill {

void RowSample::add(const Batch& rows, const std::vector<int64_t>& positions) {
  for (int64_t i = 0; i < rows.rows; ++i) {
    if (hash_number(positions[size_t(i)]) > bound_) continue;
    rows_.append(rows, i, 1);
    positions_.push_back(positions[size_t(i)]);
    if (positions_.size() >= 2 * most_) trim();
  }
}

void RowSample::add(const FitBatch& batch) {
  Batch rows{&rows_.schema(), batch.rows.rows, {}};
  for (const Field& field : rows_.schema().fields())
    rows.columns.push_back(batch.rows.columns[bound_column(*batch.rows.schema, field.name,
                                                           field.type, "rule impute")]);
  std::vector<int64_t> positions(static_cast<size_t>(rows.rows));
  for (int64_t i = 0; i < rows.rows; ++i) positions[size_t(i)] = batch.position(i);
  add(rows, positions);
}

void RowSample::merge(const RowSample& later) { add(later.rows(), later.positions_); }

void RowSample::trim() {
  if (positions_.size() <= most_) return;
  std::vector<uint64_t> hashes;
  for (const int64_t position : positions_) hashes.push_back(hash_number(position));
  std::nth_element(hashes.begin(), hashes.begin() + int64_t(most_) - 1, hashes.end());
  bound_ = hashes[most_ - 1];  // the hash is a bijection: no two are equal
  std::vector<uint8_t> keep(size_t(bytes_of_bits(int64_t(positions_.size()))), 0);
  std::vector<int64_t> kept;
  for (size_t i = 0; i < positions_.size(); ++i) {
    if (hash_number(positions_[i]) > bound_) continue;
    set_bit(keep.data(), int64_t(i));
    kept.push_back(positions_[i]);
  }
  BatchBuffer rows(rows_.schema());
  rows.append_selected(rows_.view(), keep.data());
  rows_ = std::move(rows);
  positions_ = std::move(kept);
}

}  // namespace gristmill
