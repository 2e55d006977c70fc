// The rows of a table as its checks see them: as its rules leave them, those aside that must be
// fitted.
#pragma once

#include <memory>
#include <vector>

#include "pipeline/label_filters.h"

namespace gristmill {

class CheckedRows {
 public:
  // `labels`: the stage before the split of a table that is predicted from; null: the rows as they
  // are.
  CheckedRows(const Schema& table, std::unique_ptr<LabelStage> labels)
      : table_(table), labels_(std::move(labels)) {}

  const Schema& schema() const { return labels_ ? labels_->rules().output() : table_; }

  // Makes the filters that must see the whole table first; before any rows are asked for.
  void fit(RowSource& source, Progress& progress, const std::string& table);

  struct Slot {
    LabelledChunk chunk;
    BatchBuffer kept;
    std::vector<int64_t> positions;  // in the table, of the rows that are left
  };
  // The rows that are left of a chunk; valid until the slot is used again. Thread-safe.
  Batch apply(const Batch& raw, int64_t first_row, Slot& slot) const;

  // The same as a stream, with their numbers from 1 in a column check_row_column. Both outlive it.
  std::unique_ptr<BatchReader> numbered(BatchReader& raw) const;

 private:
  Schema table_;
  std::unique_ptr<LabelStage> labels_;
};

}  // namespace gristmill
