// What fills the unknown cells of a row of numbers from its known ones; fitted, frozen, the same in
// training and in a request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/state.h"
#include "clean/number_rows.h"

namespace gristmill {

class RowFiller {
 public:
  virtual ~RowFiller() = default;
  virtual size_t columns() const = 0;
  // Fills the cells of `row` that are not a number. `work`: work_bytes() of memory, aligned for
  // doubles. Thread-safe.
  virtual void fill(double* row, void* work) const = 0;
  virtual size_t work_bytes() const = 0;
  virtual State save() const = 0;
};

// The mean of the k nearest of the rows in which the cell is known, by Euclidean distance over what
// both rows know, each column scaled by its deviation and the distance by how many columns that is
// (Troyanskaya et al. 2001, with nan-Euclidean distances as scikit-learn has them); the column's
// mean where there is none. O(rows · columns) a row.
class NearestRows : public RowFiller {
 public:
  static constexpr size_t rows_most = 4096;
  // `rows` is row-major, in the table's units; in each column something is known.
  static std::unique_ptr<RowFiller> fit(const std::vector<double>& rows, size_t columns, int k);
  static std::unique_ptr<RowFiller> load(const State& state);  // Code::corrupt
};

// Ridge regressions of each column on all others, fitted in turns on rows whose unknown cells hold
// the last turn's answers (van Buuren and Groothuis-Oudshoorn 2011, without noise); a row is filled
// by the same turns, and never beyond what training saw. The penalty is the one that best fills
// known cells hidden from it. O(columns² · turns) a row.
class ChainedRegressions : public RowFiller {
 public:
  static constexpr size_t rows_most = 16384;
  static std::unique_ptr<RowFiller> fit(const std::vector<double>& rows, size_t columns);
  static std::unique_ptr<RowFiller> load(const State& state);  // Code::corrupt
};

}  // namespace gristmill
