// Filters that must see the whole table before they leave a row out, and what is left of a chunk.
#pragma once

#include <string>
#include <vector>

#include "pipeline/label.h"
#include "pipeline/row_source.h"

namespace gristmill {

// The rows of a chunk that the rules kept, without the others.
class KeptRows {
 public:
  // Valid until the next call.
  const Batch& take(const LabelledChunk& chunk, int64_t first_row);
  const int64_t* positions() const { return positions_.data(); }  // in the table

 private:
  BatchBuffer rows_;
  Batch view_;
  std::vector<int64_t> positions_;
};

// Fits them in the order written, each in a pass over the rows that those before it kept.
void fit_filters(LabelStage& labels, RowSource& source, Progress& progress,
                 const std::string& name);

}  // namespace gristmill
