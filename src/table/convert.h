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
// Whether a VectorReader reads it; all else must be cast to text in SQL.
bool is_readable(duckdb_type type);

// Vectors of one DuckDB type as our columns.
class VectorReader {
 public:
  explicit VectorReader(duckdb_logical_type type);
  // The first `rows` values: the vector's own where both lay them out alike, else in memory of the
  // reader. Valid until the next call and while the vector lives. Code::exhausted past 2 GiB of
  // text.
  Column column(duckdb_vector vector, int64_t rows);

 private:
  const void* values(const void* from, int64_t rows, const uint64_t* validity);
  void read_text(const duckdb_string_t* from, int64_t rows, const uint64_t* validity);

  duckdb_type source_;
  duckdb_type storage_;  // of a decimal: the integer it is kept as
  double divisor_ = 1;   // of a decimal: 10^scale
  Type type_;
  UnzeroedVector<uint8_t> values_;
  std::vector<int32_t> offsets_;
  UnzeroedVector<char> text_;
};

// The other way.
duckdb_type duckdb_type_of(Type type);
// Fills a chunk of vectors of those types from row `begin` on, a multiple of
// duckdb_vector_size(): with as many rows as it takes, or as there are; how many. Long text is not
// copied: the columns must live until the chunk was read.
int64_t fill_chunk(duckdb_data_chunk chunk, const Batch& batch, int64_t begin);

}  // namespace gristmill
