#include "feature/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "feature/calendar_part.h"
#include "sketch/hash.h"

namespace gristmill {

// Welford 1962, for two variables.
void Trend::Together::add(double value, double time) {
  ++rows;
  double from_value = value - mean_value, from_time = time - mean_time;
  mean_value += from_value / double(rows);
  mean_time += from_time / double(rows);
  squares_value += from_value * (value - mean_value);
  squares_time += from_time * (time - mean_time);
  products += from_value * (time - mean_time);
}

void Trend::Together::merge(const Together& later) {
  if (later.rows == 0) return;
  double total = double(rows) + double(later.rows);
  double share = double(later.rows) / total, weight = double(rows) * share;
  double apart_value = later.mean_value - mean_value, apart_time = later.mean_time - mean_time;
  mean_value += apart_value * share;
  mean_time += apart_time * share;
  squares_value += later.squares_value + apart_value * apart_value * weight;
  squares_time += later.squares_time + apart_time * apart_time * weight;
  products += later.products + apart_value * apart_time * weight;
  rows += later.rows;
}

void Trend::add(uint64_t hash, const Stretch& stretch) {
  if (many_) return;
  auto [it, added] = stretches_.try_emplace(hash, stretch);
  if (!added) {
    it->second.first = std::min(it->second.first, stretch.first);
    it->second.last = std::max(it->second.last, stretch.last);
    it->second.rows += stretch.rows;
  } else if (stretches_.size() > most_values) {
    many_ = true;
    stretches_.clear();
  }
}

void Trend::observe(const Column& values, const Column& time) {
  Trend chunk;
  int64_t step = std::max<int64_t>(1, values.length / sample);
  const TimeZone utc;
  Clock clock(time, utc);
  for (int64_t i = 0; i < values.length; i += step) {
    if (values.is_null(i) || time.is_null(i)) continue;
    double days = clock.days(i, false);
    chunk.add(hash_cell(values, i), {days, days, 1});
    if (!is_number(values.type)) continue;
    double value = values.type == Type::int64 ? double(values.values<int64_t>()[i])
                                              : values.values<double>()[i];
    if (std::isfinite(value)) chunk.together_.add(value, days);
  }
  merge(chunk);
}

void Trend::merge(const Trend& later) {
  together_.merge(later.together_);
  if (later.many_) {
    many_ = true;
    stretches_.clear();
  }
  for (const auto& [hash, stretch] : later.stretches_) add(hash, stretch);
}

bool Trend::never_returns() const {
  constexpr size_t fewest_values = 3;  // two are a before and an after: both may go on
  constexpr int64_t rows_a_value = 10;
  constexpr double tolerance = 0.1;  // time zones: a month begins at different instants
  if (many_ || stretches_.size() < fewest_values) return false;
  std::vector<Stretch> stretches;
  int64_t rows = 0;
  for (const auto& [hash, stretch] : stretches_) {
    stretches.push_back(stretch);
    rows += stretch.rows;
  }
  if (rows < rows_a_value * int64_t(stretches.size())) return false;
  std::sort(stretches.begin(), stretches.end(),
            [](const Stretch& a, const Stretch& b) { return a.first < b.first; });
  double last = stretches[0].last;
  for (const Stretch& s : stretches) last = std::max(last, s.last);
  double mean_length = (last - stretches[0].first) / double(stretches.size());
  if (mean_length <= 0) return false;
  last = stretches[0].last;
  for (size_t i = 1; i < stretches.size(); ++i) {
    if (last - stretches[i].first > tolerance * mean_length) return false;
    last = std::max(last, stretches[i].last);
  }
  return true;
}

std::string Trend::verdict() const {
  constexpr int64_t fewest_rows = 1000;
  constexpr double high = 0.98;
  if (never_returns())
    return fmt::format(
        "only moves with time: each of its {} values holds for a while and never comes back, so "
        "later rows bring values that training never saw",
        stretches_.size());
  const Together& t = together_;
  if (!many_ || t.rows < fewest_rows || t.squares_value <= 0 || t.squares_time <= 0) return {};
  double correlation = t.products / std::sqrt(t.squares_value) / std::sqrt(t.squares_time);
  if (!(std::abs(correlation) >= high)) return {};
  return fmt::format(
      "only moves with time: its correlation with the prediction time is {:.3f}, so later rows "
      "bring values that training never saw",
      correlation);
}

}  // namespace gristmill
