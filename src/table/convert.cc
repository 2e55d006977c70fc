#include "table/convert.h"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace gristmill {
namespace {

// Fixed width, by value.
template <class From, class To>
void widen(const void* from, void* to, int64_t rows) {
  const From* in = static_cast<const From*>(from);
  To* out = static_cast<To*>(to);
  for (int64_t i = 0; i < rows; ++i) out[i] = static_cast<To>(in[i]);
}

// Rounded once, from the whole: the halves alone would lose small negative numbers.
double from_hugeint(const duckdb_hugeint& value) {
  return double(__int128((unsigned __int128)(uint64_t(value.upper)) << 64 | value.lower));
}
double from_hugeint(const duckdb_uhugeint& value) {
  return double((unsigned __int128)(value.upper) << 64 | value.lower);
}

template <class From>
void widen_huge(const void* from, double* to, int64_t rows) {
  const From* in = static_cast<const From*>(from);
  for (int64_t i = 0; i < rows; ++i) to[i] = from_hugeint(in[i]);
}

// Infinite times are the extremes of int64 in every unit and stay so.
bool is_finite_time(int64_t value) {
  return value != std::numeric_limits<int64_t>::max() &&
         value != -std::numeric_limits<int64_t>::max();
}

void scale_times(const void* from, int64_t* to, int64_t rows, int64_t factor) {
  const int64_t* in = static_cast<const int64_t*>(from);
  for (int64_t i = 0; i < rows; ++i) {
    // A null's value may be anything: it must not overflow.
    to[i] = is_finite_time(in[i]) ? int64_t(uint64_t(in[i]) * uint64_t(factor)) : in[i];
  }
}

void shorten_times(const void* from, int64_t* to, int64_t rows) {
  const int64_t* in = static_cast<const int64_t*>(from);
  for (int64_t i = 0; i < rows; ++i) {
    int64_t micros = in[i] / 1000 - (in[i] % 1000 < 0 ? 1 : 0);
    to[i] = is_finite_time(in[i]) ? micros : in[i];
  }
}

// Of a decimal, or not.
template <class From>
void widen_integers(const void* from, void* to, int64_t rows, bool decimal) {
  decimal ? widen<From, double>(from, to, rows) : widen<From, int64_t>(from, to, rows);
}

bool is_present(const uint64_t* validity, int64_t i) {
  return validity == nullptr || ((validity[i >> 6] >> (i & 63)) & 1) != 0;
}

}  // namespace

Type type_from_duckdb(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return Type::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return Type::int64;
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return Type::float64;
    case DUCKDB_TYPE_DATE:
      return Type::date;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return Type::timestamp;
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return Type::timestamptz;
    default:
      return Type::string;
  }
}

bool is_readable(duckdb_type type) {
  return type == DUCKDB_TYPE_VARCHAR || type_from_duckdb(type) != Type::string;
}

VectorReader::VectorReader(duckdb_logical_type type)
    : source_(duckdb_get_type_id(type)),
      storage_(source_),
      type_(type_from_duckdb(source_)),
      values_(type_ == Type::string ? 0 : duckdb_vector_size() * sizeof(int64_t)),
      offsets_(type_ == Type::string ? duckdb_vector_size() + 1 : 0) {
  if (source_ == DUCKDB_TYPE_DECIMAL) {
    storage_ = duckdb_decimal_internal_type(type);
    divisor_ = std::pow(10.0, duckdb_decimal_scale(type));
  }
}

Column VectorReader::column(duckdb_vector vector, int64_t rows) {
  const void* data = duckdb_vector_get_data(vector);
  const uint64_t* validity = duckdb_vector_get_validity(vector);
  Column column{
      .type = type_, .length = rows, .validity = reinterpret_cast<const uint8_t*>(validity)};
  if (type_ == Type::string) {
    read_text(static_cast<const duckdb_string_t*>(data), rows, validity);
    column.data = text_.data();
    column.offsets = offsets_.data();
  } else {
    column.data = values(data, rows, validity);
  }
  return column;
}

const void* VectorReader::values(const void* from, int64_t rows, const uint64_t* validity) {
  int64_t* out = reinterpret_cast<int64_t*>(values_.data());
  double* doubles = reinterpret_cast<double*>(out);
  const bool decimal = source_ == DUCKDB_TYPE_DECIMAL;
  switch (storage_) {
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return from;
    case DUCKDB_TYPE_BIGINT:
      if (!decimal) return from;
      widen<int64_t, double>(from, out, rows);
      break;
    case DUCKDB_TYPE_BOOLEAN: {
      const uint8_t* in = static_cast<const uint8_t*>(from);  // a null's byte may be anything
      fill_bits(reinterpret_cast<uint8_t*>(out), rows,
                [&](int64_t i) { return is_present(validity, i) && in[i] != 0; });
      break;
    }
    case DUCKDB_TYPE_TINYINT:
      widen<int8_t, int64_t>(from, out, rows);
      break;
    case DUCKDB_TYPE_UTINYINT:
      widen<uint8_t, int64_t>(from, out, rows);
      break;
    case DUCKDB_TYPE_SMALLINT:
      widen_integers<int16_t>(from, out, rows, decimal);
      break;
    case DUCKDB_TYPE_USMALLINT:
      widen<uint16_t, int64_t>(from, out, rows);
      break;
    case DUCKDB_TYPE_INTEGER:
      widen_integers<int32_t>(from, out, rows, decimal);
      break;
    case DUCKDB_TYPE_UINTEGER:
      widen<uint32_t, int64_t>(from, out, rows);
      break;
    case DUCKDB_TYPE_UBIGINT:
      widen<uint64_t, double>(from, out, rows);
      break;
    case DUCKDB_TYPE_FLOAT:
      widen<float, double>(from, out, rows);
      break;
    case DUCKDB_TYPE_UHUGEINT:
      widen_huge<duckdb_uhugeint>(from, doubles, rows);
      break;
    case DUCKDB_TYPE_TIMESTAMP_S:
      scale_times(from, out, rows, 1000000);
      break;
    case DUCKDB_TYPE_TIMESTAMP_MS:
      scale_times(from, out, rows, 1000);
      break;
    case DUCKDB_TYPE_TIMESTAMP_NS:
      shorten_times(from, out, rows);
      break;
    case DUCKDB_TYPE_HUGEINT:
      widen_huge<duckdb_hugeint>(from, doubles, rows);
      break;
    default:
      throw Error(Code::internal, fmt::format("no values of DuckDB's type {}", int(storage_)));
  }
  if (decimal) {
    for (int64_t i = 0; i < rows; ++i) doubles[i] /= divisor_;
  }
  return out;
}

void VectorReader::read_text(const duckdb_string_t* from, int64_t rows, const uint64_t* validity) {
  int64_t total = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if (is_present(validity, i)) total += from[i].value.inlined.length;
    if (total > std::numeric_limits<int32_t>::max()) {
      throw Error(Code::exhausted,
                  fmt::format("more than 2 GiB of text in {} cells of one column", rows), {},
                  "leave the column out, or keep a part of it with substr()");
    }
  }
  // 12 bytes of room beyond, so that short text is copied at a fixed width.
  if (size_t(total) + 12 > text_.size())
    text_ = UnzeroedVector<char>(size_t(total) + size_t(total) / 4 + 12);
  char* out = text_.data();
  for (int64_t i = 0; i < rows; ++i) {
    if (is_present(validity, i)) {
      const uint32_t length = from[i].value.inlined.length;
      if (length <= 12)
        std::memcpy(out, from[i].value.inlined.inlined, 12);
      else
        std::memcpy(out, from[i].value.pointer.ptr, length);
      out += length;
    }
    offsets_[size_t(i) + 1] = int32_t(out - text_.data());
  }
}

}  // namespace gristmill
