#include "learn/worst_slices.h"

#include <algorithm>
#include <cmath>

#include "base/thread_pool.h"
#include "learn/bootstrap.h"

namespace gristmill {
namespace {

constexpr size_t max_listed = 5, max_resampled = 20;
constexpr BootstrapSize slice_bootstrap = {.resamples = 200, .rows = 5000};
constexpr double least_of_gain = 0.1;  // that a slice must fall short by
constexpr double same_rows = 0.7;      // of the smaller slice's, that the other one has as well

struct Slice {
  const SlicedColumn* column;
  uint8_t number;
  std::vector<int64_t> rows;
  double gap = 0;  // how much worse than the whole
};

std::vector<Slice> slices_of(const SlicedColumn& column) {
  std::vector<Slice> out;
  for (size_t s = 0; s < column.slices.size(); ++s) out.push_back({&column, uint8_t(s), {}});
  for (size_t i = 0; i < column.slice_of.size(); ++i) {
    if (column.slice_of[i] != SlicedColumn::none)
      out[column.slice_of[i]].rows.push_back(int64_t(i));
  }
  return out;
}

// How many deviations a score may be off by chance, once in forty times `looked_at`: the normal
// distribution's quantile, by bisection.
double deviations(size_t looked_at) {
  const double share = 0.025 / double(looked_at);
  double low = 0, high = 10;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2)) / 2 > share ? low : high) = middle;
  }
  return low;
}

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0, count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    squares += value * value;
    ++count;
  }
  return count > 1 ? std::sqrt(std::max(0.0, (squares - sum * sum / count) / (count - 1))) : NAN;
}

bool mostly_the_same(const Slice& a, const Slice& b) {
  std::vector<int64_t> both;
  std::set_intersection(a.rows.begin(), a.rows.end(), b.rows.begin(), b.rows.end(),
                        std::back_inserter(both));
  return double(both.size()) > same_rows * double(std::min(a.rows.size(), b.rows.size()));
}

}  // namespace

nlohmann::json worst_slices(const MetricKind& metric, const Scored& scored,
                            const std::vector<SlicedColumn>& columns, double whole, double baseline,
                            int threads) {
  nlohmann::json out = nlohmann::json::array();
  if (!std::isfinite(whole)) return out;
  const double sign = metric.higher_is_better ? 1 : -1;
  ThreadPool pool(threads);
  std::vector<std::vector<Slice>> by_column(columns.size());
  pool.for_each(int64_t(columns.size()), [&](int64_t c) {
    by_column[size_t(c)] = slices_of(columns[size_t(c)]);
    for (Slice& slice : by_column[size_t(c)])
      slice.gap = sign * (whole - metric.score(ScoredRows(scored, slice.rows).scored()));
  });
  std::vector<Slice> worse;
  size_t looked_at = 0;
  const double gain = std::isfinite(baseline) ? std::abs(whole - baseline) : 0;
  for (auto& slices : by_column) {
    for (Slice& slice : slices) {
      if (!std::isfinite(slice.gap)) continue;
      ++looked_at;
      if (slice.gap > least_of_gain * gain) worse.push_back(std::move(slice));
    }
  }
  std::stable_sort(worse.begin(), worse.end(),
                   [](const Slice& a, const Slice& b) { return a.gap > b.gap; });
  std::vector<const Slice*> listed;
  for (size_t w = 0; w < worse.size() && w < max_resampled && listed.size() < max_listed; ++w) {
    const Slice& slice = worse[w];
    if (std::any_of(listed.begin(), listed.end(),
                    [&](const Slice* other) { return mostly_the_same(*other, slice); }))
      continue;
    const Resampled resampled =
        resample({&metric}, ScoredRows(scored, slice.rows).scored(), threads, 0, slice_bootstrap)
            .at(metric.name);
    if (!(slice.gap > deviations(looked_at) * deviation(resampled.resamples))) continue;
    listed.push_back(&slice);
    out.push_back({{"column", slice.column->column},
                   {"slice", slice.column->slices[slice.number]},
                   {"rows", slice.rows.size()},
                   {"score", resampled.score},
                   {"interval", resampled.interval().json()}});
  }
  return out;
}

}  // namespace gristmill
