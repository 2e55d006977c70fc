// Rows that move together: views of columns of equal length under one schema.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "frame/column.h"
#include "frame/schema.h"

namespace gristmill {

// Rows in a fitting chunk (cut by position), and the most that a batch holds.
inline constexpr int64_t chunk_rows = 65536;

// A batch is cheap to copy and owns nothing. A rule changes rows in place by pointing a column at
// values in its Scratch.
struct Batch {
  const Schema* schema = nullptr;
  int64_t rows = 0;
  std::vector<Column> columns;
};

// Rows [begin, begin + count) of a batch; begin is a multiple of 8.
Batch slice(const Batch& rows, int64_t begin, int64_t count);

// Owner of a batch's bytes, reused from batch to batch.
class BatchBuffer {
 public:
  BatchBuffer() = default;
  explicit BatchBuffer(const Schema& schema) { reset(schema); }

  void reset(const Schema& schema);  // empty, of this schema
  void clear();                      // empty, capacity kept
  const Schema& schema() const { return schema_; }
  ColumnBuffer& operator[](size_t i) { return columns_[i]; }
  void append(const Batch& from, int64_t begin, int64_t count);  // same types in the same order
  void append_selected(const Batch& from, const uint8_t* keep);
  // Of the first column; without columns, what append() and add_rows() counted.
  int64_t rows() const { return columns_.empty() ? rows_ : columns_[0].length(); }
  void add_rows(int64_t count) { rows_ += count; }
  Batch view() const;  // valid until the buffer changes or moves
  size_t memory() const;

 private:
  Schema schema_;
  std::vector<ColumnBuffer> columns_;
  int64_t rows_ = 0;
};

// A stream of rows. Not thread-safe.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  virtual const Schema& schema() const = 0;
  // The next rows (1 … chunk_rows), or false at the end. Views hold until the next call.
  virtual bool next(Batch& batch) = 0;
  // The same for the caller to keep, in place of what `rows` held; false: `rows` is as it was.
  virtual bool read(BatchBuffer& rows);
};

// The same rows in chunks of exactly chunk_rows (the last may be shorter): fitting needs fixed
// cuts.
class Chunker {
 public:
  explicit Chunker(BatchReader& reader) : reader_(reader) {}
  // Fills `chunk` (reset to the schema); false at the end.
  bool next(BatchBuffer& chunk);

 private:
  BatchReader& reader_;
  Batch pending_;
  int64_t used_ = 0;
  bool done_ = false;
};

}  // namespace gristmill
