// Whether a column numbers the rows.
#pragma once

#include <cmath>
#include <cstdint>

#include "frame/column.h"

namespace gristmill {

// Whole numbers, each above the one before it, or each below, and close together.
class RowNumbers {
 public:
  void observe(const Column& column) {
    if (column.type != Type::int64 || column.null_count() > 0) rising_ = falling_ = false;
    const int64_t* values = column.values<int64_t>();
    for (int64_t i = 0; i < column.length && (rising_ || falling_); ++i) add(values[i], values[i]);
    if (rising_ || falling_) count_ += column.length;
  }
  void merge(const RowNumbers& later) {
    rising_ = rising_ && later.rising_;
    falling_ = falling_ && later.falling_;
    if (later.count_ > 0 && (rising_ || falling_)) add(later.first_, later.last_);
    count_ += later.count_;
  }
  bool found() const {
    constexpr int64_t few = 100;  // rows from which an order is no accident
    constexpr double gaps = 4;    // numbers a row: others are validated and tested on, or dropped
    return (rising_ || falling_) && count_ > few &&
           std::abs(double(last_) - double(first_)) < gaps * double(count_);
  }

 private:
  // Rows that begin and end with these, after those before.
  void add(int64_t first, int64_t last) {
    if (any_) {
      rising_ = rising_ && first > last_;
      falling_ = falling_ && first < last_;
    } else {
      first_ = first;
    }
    any_ = true;
    last_ = last;
  }

  bool rising_ = true, falling_ = true, any_ = false;
  int64_t first_ = 0, last_ = 0, count_ = 0;
};

}  // namespace gristmill
