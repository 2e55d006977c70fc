// The target by level of a category and by fold of the rows, and the encoding made of it.
//
// A level is encoded as λ · its own mean + (1 − λ) · the mean of all rows, λ = n / (n + m) for its
// n rows (Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes
// in classification and prediction problems", equations 3 to 5). m is given, or by empirical Bayes
// the variance within the level over that of all rows, as scikit-learn's TargetEncoder has it with
// smooth="auto": to it the results are equal. Rows count by their weight.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "feature/encoder.h"
#include "frame/fit_batch.h"

namespace gristmill {

// Codes as LevelTable's: 0 missing, 1 what is not counted, 2 + i level i. Sums are added row by
// row, so that they do not depend on how the rows were cut into chunks.
class TargetSums {
 public:
  explicit TargetSums(const TargetInfo& target);

  // Levels for which there is room: together with all outputs of a target at most `most_cells`.
  int64_t most_levels() const { return most_cells / outputs_; }
  // O(1). `code` < 2 + most_levels(); of code 1 only the mean of all rows learns.
  void add(int32_t code, int fold, double target, double weight);
  // The encodings of codes 0 to `codes` − 1, row-major codes × outputs, by the rows outside
  // `without_fold` (−1: by all). What has no row is encoded as the mean of all rows. O(result).
  std::vector<double> encodings(int64_t codes, std::optional<double> smooth,
                                int without_fold) const;

 private:
  static constexpr int64_t most_cells = int64_t(1) << 22;
  static constexpr int64_t folds = FitBatch::folds;

  // Of rows, and one output: their weight, and the sums of the target's distance from origin_.
  struct Sums {
    double weight = 0, first = 0, second = 0;
    double mean() const { return first / weight; }
    double squares() const;  // of the distances from the mean
  };
  Sums sums(int64_t code, int64_t output, int without_fold) const;
  void add_to(int64_t code, int fold, double target, double weight);

  Problem problem_;
  int64_t outputs_;
  double origin_ = 0;  // numbers: the first one, near which sums of squares are exact
  bool any_ = false;
  std::vector<double> weights_;  // codes × folds; at code 1: of all rows
  std::vector<double> firsts_;   // codes × folds × outputs
  std::vector<double> seconds_;  // codes × folds; of classes as firsts_, and not kept
};

}  // namespace gristmill
