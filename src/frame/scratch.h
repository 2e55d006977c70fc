// Reusable memory for one thread that runs rules and encoders over batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "frame/column.h"

namespace gristmill {

// A row that could not be computed (a CAST that failed, a format that does not fit).
struct RowError {
  int64_t row = 0;    // in the batch
  std::string field;  // the column being made, or read
  std::string message;
  int step = -1;  // of the chain of rules that was run; -1: of none
};

// Buffers are handed out in the order of asking, which is the same for every batch, so each user
// finds its own again. clear() starts the next batch; nothing is freed. Not thread-safe.
class Scratch {
 public:
  // An empty buffer of this type, valid until clear().
  ColumnBuffer& column(Type type);
  // `n` bytes/values, uninitialised.
  template <class T>
  T* values(int64_t n) {
    return reinterpret_cast<T*>(raw(size_t(n) * sizeof(T)));
  }
  void clear();

  // Counts text that is made, not read, since the last clear(): a request of little text may ask
  // for much. Code::exhausted beyond what limit_text() allows; at first there is no limit.
  void count_text(size_t bytes) {
    text_made_ += bytes;
    if (text_made_ > text_limit_) throw_too_much_text();
  }
  void limit_text(size_t bytes) { text_limit_ = bytes; }
  size_t text_made() const { return text_made_; }

  std::vector<RowError> errors;  // of this batch, in the order met; a row may occur twice

 private:
  char* raw(size_t bytes);
  [[noreturn]] void throw_too_much_text() const;
  std::deque<ColumnBuffer> columns_;
  size_t next_column_ = 0;
  std::deque<std::vector<char>> blocks_;
  size_t next_block_ = 0;
  size_t text_made_ = 0, text_limit_ = SIZE_MAX;
};

}  // namespace gristmill
