// DuckDB's vectors → our columns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "frame/batch.h"
#include "table/handles.h"

namespace gristmill {

// The type in which values of a DuckDB type move: decimals and integers beyond int64 become
// float64, small integers int64, times without a date, lists, structs and the rest text.
Type type_from_duckdb(duckdb_type type);
// Whether a ColumnGather reads it; all else must be cast to text in SQL.
bool is_readable(duckdb_type type);

// Up to chunk_rows values gathered from vectors of one DuckDB type; memory is reused.
class ColumnGather {
 public:
  explicit ColumnGather(duckdb_logical_type type);
  void clear();
  // Appends the first `rows` values. Code::exhausted past 2 GiB of text in one batch.
  void append(duckdb_vector vector, int64_t rows);
  Column view() const;
  int64_t text_bytes() const { return used_; }

 private:
  void append_values(const void* from, int64_t rows, uint64_t* validity);
  void append_text(const duckdb_string_t* from, int64_t rows, const uint64_t* validity);
  void append_validity(const uint64_t* from, int64_t rows);

  duckdb_type source_;
  duckdb_type storage_;  // of a decimal: the integer it is kept as
  double divisor_ = 1;   // of a decimal: 10^scale
  Type type_;
  int64_t length_ = 0;
  bool has_nulls_ = false;
  std::unique_ptr<uint64_t[]> validity_;
  std::unique_ptr<uint8_t[]> values_;
  std::unique_ptr<int32_t[]> offsets_;
  std::unique_ptr<char[]> text_;
  int64_t used_ = 0, capacity_ = 0;
};

// The other way.
duckdb_type duckdb_type_of(Type type);
// Writes rows [begin, begin + rows), at most duckdb_vector_size(), into a vector of that type. Long
// text is not copied: `column` must live until the vector was read.
void fill_vector(duckdb_vector vector, const Column& column, int64_t begin, int64_t rows);
// The same for all columns of a chunk, from row `begin` on: as many rows as it takes, or as there
// are; how many.
int64_t fill_chunk(duckdb_data_chunk chunk, const Batch& batch, int64_t begin);

}  // namespace gristmill
