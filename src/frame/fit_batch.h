// A chunk of training rows as those see it who learn from it: rules and encoders.
#pragma once

#include <cstdint>

#include "frame/batch.h"

namespace gristmill {

struct FitBatch {
  const Batch& rows;
  int64_t first_row = 0;           // position in the table of the chunk that the rows come from
  const double* target = nullptr;  // a number, or the number of a class; null when there is none
  const double* weight = nullptr;  // null: all 1
  // Of each row, where others were left out; null: they follow on from first_row.
  const int64_t* positions = nullptr;
  // Of each row, below `folds`, by its key or group: what is learned from targets reaches a
  // training row as the rows of the other folds tell it. Null when nobody asked.
  const uint8_t* fold = nullptr;
  static constexpr int folds = 5;

  int64_t position(int64_t row) const {
    return positions == nullptr ? first_row + row : positions[row];
  }
};

}  // namespace gristmill
