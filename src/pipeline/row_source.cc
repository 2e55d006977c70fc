#include "pipeline/row_source.h"

namespace gristmill {

RowSource::RowSource(Schema schema, Open open, int64_t cache_bytes, ThreadPool& pool)
    : open_(std::move(open)),
      schema_(std::move(schema)),
      cache_bytes_(cache_bytes),
      pool_(pool),
      slots_(2 * pool.size() + 1) {}

void RowSource::pass(const std::function<void(const Batch&, int64_t, int64_t, int64_t)>& work,
                     const std::function<void(int64_t, int64_t)>& consume, Progress& progress) {
  std::vector<BatchBuffer> slots(static_cast<size_t>(slots_));
  std::vector<const BatchBuffer*> chunks(static_cast<size_t>(slots_));
  std::vector<int64_t> indexes(static_cast<size_t>(slots_));
  std::unique_ptr<BatchReader> reader;
  std::unique_ptr<Chunker> chunker;
  if (!whole_) {
    cache_.clear();
    cached_bytes_ = 0;
    reader = open_();
    chunker = std::make_unique<Chunker>(*reader);
  }
  const bool cached = whole_;
  bool caching = !whole_ && !too_large_;
  int64_t next = 0;
  auto produce = [&](int64_t slot) {
    check_interrupted();
    indexes[slot] = next;
    if (cached) {
      if (next == int64_t(cache_.size())) return false;
      chunks[slot] = &cache_[next++];
      return true;
    }
    if (!chunker->next(slots[slot])) return false;
    chunks[slot] = &slots[slot];
    ++next;
    return true;
  };
  auto run = [&](int64_t slot) {
    work(chunks[slot]->view(), indexes[slot] * chunk_rows, indexes[slot], slot);
  };
  auto finish = [&](int64_t slot) {
    consume(indexes[slot], slot);
    progress.advance(chunks[slot]->view().rows);
    if (cached || !caching) return;
    cached_bytes_ += int64_t(slots[slot].memory());
    caching = cached_bytes_ <= cache_bytes_;
    if (caching) {
      cache_.push_back(std::move(slots[slot]));
      slots[slot] = BatchBuffer();
    } else {
      cache_.clear();
      too_large_ = true;
    }
  };
  pool_.ordered(slots_, produce, run, finish);
  whole_ = cached || caching;
}

}  // namespace gristmill
