// Does a column merely move with time? The month within one year, a running number, a version: each
// value holds for a while and never comes back, so that later rows bring values that training never
// saw. `auto` leaves such a column out.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "frame/column.h"

namespace gristmill {

// Looks at 2,048 to 4,095 rows of each chunk that has so many, evenly spaced. Merged in the same
// order, equal chunks give equal verdicts.
class Trend {
 public:
  // `time`: a date or time column of the same rows. Rows where one is null are left out.
  void observe(const Column& values, const Column& time);
  void merge(const Trend& later);
  // The reason in plain words, or "".
  std::string verdict() const;

 private:
  static constexpr int64_t sample = 2048;
  static constexpr size_t most_values = 256;

  struct Stretch {
    double first, last;  // days
    int64_t rows;
  };
  // Sums for the correlation of value and time.
  struct Together {
    int64_t rows = 0;
    double mean_value = 0, mean_time = 0;
    double squares_value = 0, squares_time = 0, products = 0;
    void add(double value, double time);
    void merge(const Together& later);
  };

  void add(uint64_t hash, const Stretch& stretch);
  bool never_returns() const;

  bool many_ = false;  // more than most_values: no stretches are kept
  std::unordered_map<uint64_t, Stretch> stretches_;
  Together together_;
};

}  // namespace gristmill
