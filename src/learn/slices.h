// Test rows by what their columns hold, before encoding: where is a model worse than on the whole?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/state.h"
#include "frame/batch.h"

namespace gristmill {

// One column's slices: each level of text, a boolean or a number of few values that has rows
// enough; quarters of other numbers and times; the rows where it is missing.
struct SlicedColumn {
  static constexpr uint8_t none = 255;
  std::string column;
  std::vector<std::string> slices;  // "= UA", "502 … 871", "missing"
  std::vector<uint8_t> slice_of;    // of each row looked at: its slice, or `none`
};

// Which of a fold's rows are looked at: at most 100,000, and 4,000,000 cells, evenly spaced.
class SliceRows {
 public:
  SliceRows() = default;
  SliceRows(int64_t rows, size_t columns);
  // Rows of the fold that begin at its `begin`-th: those looked at, columns as in `to`, appended to
  // it. Text beyond 64 bytes is in no slice.
  void pick(const Batch& rows, int64_t begin, BatchBuffer& to) const;

 private:
  std::vector<int64_t> positions_;
};

// A slice has at least 50 rows and a two-hundredth of all, and leaves a tenth.
std::vector<SlicedColumn> cut_slices(const Batch& rows);

State save_slices(const std::vector<SlicedColumn>& columns);
std::vector<SlicedColumn> load_slices(const State& state);

}  // namespace gristmill
