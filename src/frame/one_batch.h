// One batch as a stream.
#pragma once

#include "frame/batch.h"

namespace gristmill {

class OneBatch : public BatchReader {
 public:
  explicit OneBatch(Batch rows) : rows_(std::move(rows)) {}  // whose bytes must outlive it
  const Schema& schema() const override { return *rows_.schema; }
  bool next(Batch& batch) override {
    if (done_ || rows_.rows == 0) return false;
    batch = rows_;
    return done_ = true;
  }

 private:
  Batch rows_;
  bool done_ = false;
};

}  // namespace gristmill
