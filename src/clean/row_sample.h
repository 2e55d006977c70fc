// A sample of training rows of any types, drawn by a hash of their positions: the same ones
// whatever the chunks.
#pragma once

#include <cstdint>
#include <vector>

#include "clean/rule.h"

namespace gristmill {

class RowSample {
 public:
  RowSample(const Schema& schema, size_t most) : most_(most), rows_(schema) {}

  void add(const FitBatch& batch);  // which has the columns of the schema, by name
  void merge(const RowSample& later);
  void trim();  // to as many rows as wanted

  Batch rows() const { return rows_.view(); }
  const std::vector<int64_t>& positions() const { return positions_; }

 private:
  void add(const Batch& rows, const std::vector<int64_t>& positions);

  size_t most_;
  uint64_t bound_ = ~uint64_t(0);  // rows whose hash is larger are not drawn
  BatchBuffer rows_;               // up to twice as many as wanted
  std::vector<int64_t> positions_;
};

}  // namespace gristmill
