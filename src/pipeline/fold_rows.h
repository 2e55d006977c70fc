// The labelled rows of a prediction's table by their fold, chunk by chunk: what all passes after
// the first one work on.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "pipeline/fit_rules.h"
#include "pipeline/label_pass.h"

namespace gristmill {

// One chunk after the label stage, and the rows of one fold out of it.
struct FoldChunk {
  LabelledChunk chunk;
  std::vector<int8_t> folds;  // of each row of the chunk; -1: in none
  BatchBuffer rows;           // of the fold that was selected last, compacted
  std::vector<double> target, weight;
  std::vector<uint64_t> key;        // only where the chunk has keys
  std::vector<uint8_t> cross_fold;  // FitBatch::fold; after use_cross_folds()
  Quarantine rejected;              // of the chunk that was counted last
};

class FoldRows {
 public:
  // All must outlive it; `found` is needed once there is a pass.
  FoldRows(const PredictSpec& spec, const LabelStage& labels, const LabelFindings& found,
           RowSource& source, Progress& progress);

  // From the next pass on, rows that `later` cannot compute are in no fold. Its first step is the
  // `first_step`-th of LabelStage::steps(). It must outlive this.
  void reject_by(const RuleChain& later, size_t first_step);

  // From the next pass on, training rows have the folds that FitBatch speaks of.
  void use_cross_folds() { crossed_ = true; }

  // Labels the rows of a chunk and finds their folds.
  void label(const Batch& raw, int64_t first_row, FoldChunk& out) const;
  // The rows of `fold` out of a labelled chunk that has its keys; target, weight and key beside
  // them.
  Batch select(Fold fold, FoldChunk& out) const;

  // Runs over the training rows.
  TrainingPass training_pass();
  // A slot's own chunk, for passes of the caller.
  FoldChunk& at(int64_t slot) { return slots_[size_t(slot)]; }

  // Those that reject_by() left out.
  const Quarantine& rejected() const { return rejected_; }

  // Of classes that no training row has.
  std::vector<std::string> class_warnings() const;

  // As the first training pass (after reject_by) counted: rows of each fold, and before each chunk.
  const std::array<int64_t, 3>& counts() const { return counts_; }
  int64_t rows_before(int64_t chunk, Fold fold) const {
    return before_[size_t(chunk)][size_t(fold)];
  }

 private:
  bool by_time() const { return spec_.split.by == SplitSpec::By::time; }
  void leave_out_broken(int64_t first_row, FoldChunk& out) const;
  void gather_rejected(const Batch& raw, int64_t first_row, FoldChunk& out) const;
  void count(const FoldChunk& chunk);
  void check_counts() const;

  const PredictSpec& spec_;
  const LabelStage& labels_;
  const LabelFindings& found_;
  RowSource& source_;
  Progress& progress_;
  const RuleChain* later_ = nullptr;
  size_t later_step_ = 0;
  bool crossed_ = false;
  std::vector<FoldChunk> slots_;
  Quarantine rejected_;
  std::array<int64_t, 3> counts_ = {0, 0, 0};
  std::vector<std::array<int64_t, 3>> before_;      // of each chunk
  std::array<std::vector<int64_t>, 3> class_rows_;  // of each fold, by class
};

}  // namespace gristmill
