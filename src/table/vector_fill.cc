// Our columns → DuckDB's vectors.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "table/convert.h"

namespace gristmill {

duckdb_type duckdb_type_of(Type type) {
  switch (type) {
    case Type::boolean:
      return DUCKDB_TYPE_BOOLEAN;
    case Type::int64:
      return DUCKDB_TYPE_BIGINT;
    case Type::float64:
      return DUCKDB_TYPE_DOUBLE;
    case Type::date:
      return DUCKDB_TYPE_DATE;
    case Type::timestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case Type::timestamptz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case Type::string:
      break;
  }
  return DUCKDB_TYPE_VARCHAR;
}

namespace {

// Text of more than 12 bytes stays where it is: whoever reads the vector must do so while `column`
// lives. Short text is kept in place, its unused bytes zero, as DuckDB compares all sixteen.
void fill_text(duckdb_string_t* to, const Column& column, int64_t begin, int64_t rows) {
  const char* text = static_cast<const char*>(column.data);
  const int32_t* offsets = column.offsets + begin;
  for (int64_t i = 0; i < rows; ++i) {
    auto length = uint32_t(offsets[i + 1] - offsets[i]);
    const char* from = text + offsets[i];
    to[i] = {};
    to[i].value.inlined.length = length;
    if (length <= sizeof(to[i].value.inlined.inlined)) {
      if (length > 0) std::memcpy(to[i].value.inlined.inlined, from, length);
    } else {
      std::memcpy(to[i].value.pointer.prefix, from, sizeof(to[i].value.pointer.prefix));
      to[i].value.pointer.ptr = const_cast<char*>(from);
    }
  }
}

void fill_validity(duckdb_vector vector, const Column& column, int64_t begin, int64_t rows) {
  if (column.validity == nullptr || rows == 0) return;
  assert((begin & 7) == 0);
  duckdb_vector_ensure_validity_writable(vector);
  std::memcpy(duckdb_vector_get_validity(vector), column.validity + (begin >> 3),
              size_t(rows + 7) >> 3);
}

void fill_vector(duckdb_vector vector, const Column& column, int64_t begin, int64_t rows) {
  fill_validity(vector, column, begin, rows);
  char* to = static_cast<char*>(duckdb_vector_get_data(vector));
  if (column.type == Type::string) {
    fill_text(reinterpret_cast<duckdb_string_t*>(to), column, begin, rows);
  } else if (column.type == Type::boolean) {
    for (int64_t i = 0; i < rows; ++i) to[i] = column.boolean(begin + i);
  } else if (rows > 0) {  // a column of none may have no values to point at
    size_t width = width_of(column.type);
    std::memcpy(to, static_cast<const char*>(column.data) + size_t(begin) * width,
                size_t(rows) * width);
  }
}

}  // namespace

int64_t fill_chunk(duckdb_data_chunk chunk, const Batch& batch, int64_t begin) {
  const int64_t rows = std::min(int64_t(duckdb_vector_size()), batch.rows - begin);
  for (size_t i = 0; i < batch.columns.size(); ++i)
    fill_vector(duckdb_data_chunk_get_vector(chunk, i), batch.columns[i], begin, rows);
  duckdb_data_chunk_set_size(chunk, idx_t(rows));
  return rows;
}

}  // namespace gristmill
