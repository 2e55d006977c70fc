// A table read again and again: from memory when it fits, from the store when not.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "frame/batch.h"

namespace gristmill {

class RowSource {
 public:
  using Open = std::function<std::unique_ptr<BatchReader>()>;
  // `open` gives rows of `schema`. All chunks are kept in memory if they fit `cache_bytes`.
  RowSource(Schema schema, Open open, int64_t cache_bytes, ThreadPool& pool);

  const Schema& schema() const { return schema_; }

  // One pass over all chunks of chunk_rows rows: `work(chunk, first_row, index, slot)` on any
  // thread, with slot < slots() its own; then `consume(index, slot)` in order of index.
  void pass(
      const std::function<void(const Batch&, int64_t first_row, int64_t index, int64_t slot)>& work,
      const std::function<void(int64_t index, int64_t slot)>& consume, Progress& progress);
  int64_t slots() const { return slots_; }

 private:
  Open open_;
  Schema schema_;
  int64_t cache_bytes_;
  ThreadPool& pool_;
  int64_t slots_;
  std::vector<BatchBuffer> cache_;
  int64_t cached_bytes_ = 0;
  bool whole_ = false;      // the cache holds all chunks
  bool too_large_ = false;  // for the cache, as an earlier pass found
};

}  // namespace gristmill
