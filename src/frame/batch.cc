#include "frame/batch.h"

#include <algorithm>
#include <cassert>

#include "base/error.h"

namespace gristmill {

Batch slice(const Batch& rows, int64_t begin, int64_t count) {
  Batch part{.schema = rows.schema, .rows = count, .columns = {}};
  part.columns.reserve(rows.columns.size());
  for (const Column& column : rows.columns) part.columns.push_back(slice(column, begin, count));
  return part;
}

void BatchBuffer::reset(const Schema& schema) {
  if (&schema != &schema_ && !(schema == schema_)) schema_ = schema;
  rows_ = 0;
  columns_.resize(schema_.size());
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].reset(schema_[i].type);
}

void BatchBuffer::clear() {
  rows_ = 0;
  for (ColumnBuffer& column : columns_) column.clear();
}

void BatchBuffer::append(const Batch& from, int64_t begin, int64_t count) {
  assert(from.columns.size() == columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    try {
      columns_[i].append(from.columns[i], begin, count);
    } catch (const Error& error) {
      throw error.at({.field = schema_[i].name});
    }
  }
  add_rows(count);
}

void BatchBuffer::append_selected(const Batch& from, const uint8_t* keep) {
  assert(from.columns.size() == columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].append_selected(from.columns[i], keep);
  for (int64_t i = 0; columns_.empty() && i < from.rows; ++i) add_rows(get_bit(keep, i));
}

Batch BatchBuffer::view() const {
  Batch batch{.schema = &schema_, .rows = rows(), .columns = {}};
  batch.columns.reserve(columns_.size());
  for (const ColumnBuffer& column : columns_) batch.columns.push_back(column.view());
  return batch;
}

size_t BatchBuffer::memory() const {
  size_t bytes = 0;
  for (const ColumnBuffer& column : columns_) bytes += column.memory();
  return bytes;
}

bool BatchReader::read(BatchBuffer& rows) {
  Batch batch;
  if (!next(batch)) return false;
  rows.reset(schema());
  rows.append(batch, 0, batch.rows);
  return true;
}

bool Chunker::next(BatchBuffer& chunk) {
  if (done_) return false;
  if (used_ == pending_.rows) {
    done_ = !reader_.read(chunk);
    if (done_) return false;
  } else {
    chunk.reset(reader_.schema());
  }
  while (chunk.rows() < chunk_rows) {
    if (used_ == pending_.rows) {
      used_ = pending_.rows = 0;
      done_ = !reader_.next(pending_);
      if (done_) break;
    }
    const int64_t count = std::min(chunk_rows - chunk.rows(), pending_.rows - used_);
    chunk.append(pending_, used_, count);
    used_ += count;
  }
  return true;
}

}  // namespace gristmill
