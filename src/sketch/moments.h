// Count, mean, variance and extremes of a column of numbers, mergeable.
#pragma once

#include <cstdint>
#include <limits>

#include "frame/column.h"

namespace gristmill {

// NaN and infinities are counted apart and left out of the rest. Each observe() is summed on its
// own and then merged, so observing chunks one after the other gives the very bits of observing
// each into a Moments of its own and merging these in the same order.
struct Moments {
  int64_t count = 0;  // finite values
  int64_t nulls = 0;
  int64_t not_finite = 0;  // NaN, inf
  double mean = 0;         // 0 when count is 0
  double squares = 0;      // sum of squared distances from the mean
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  // Any type but text: booleans as 0 and 1, dates as days, timestamps as microseconds. O(rows).
  void observe(const Column& column);
  void merge(const Moments& later);

  double variance() const { return count > 0 ? squares / double(count) : 0; }  // of a population
  double deviation() const;
  // Exactly so: rounding never makes a constant column vary.
  bool constant() const { return count == 0 || min == max; }

  bool operator==(const Moments&) const = default;
};

}  // namespace gristmill
