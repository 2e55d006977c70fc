#include "table/convert.h"

#include <cmath>
#include <cstring>

namespace gristmill {
namespace {

// Fixed width, by value.
template <class From, class To>
void widen(const void* from, void* to, int64_t offset, int64_t rows) {
  const From* in = static_cast<const From*>(from);
  To* out = static_cast<To*>(to) + offset;
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

void set_bits(uint8_t* bits, int64_t begin, int64_t count) {
  int64_t end = begin + count;
  for (; begin < end && (begin & 7) != 0; ++begin) set_bit(bits, begin);
  if (begin >= end) return;
  std::memset(bits + (begin >> 3), 0xff, size_t((end - begin) >> 3));
  for (int64_t i = begin + ((end - begin) & ~int64_t(7)); i < end; ++i) set_bit(bits, i);
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

ColumnGather::ColumnGather(duckdb_logical_type type)
    : source_(duckdb_get_type_id(type)), storage_(source_), type_(type_from_duckdb(source_)) {
  if (source_ == DUCKDB_TYPE_DECIMAL) {
    storage_ = duckdb_decimal_internal_type(type);
    divisor_ = std::pow(10.0, duckdb_decimal_scale(type));
  }
  validity_.reset(new uint64_t[chunk_rows / 64 + 1]);
  if (type_ == Type::string) {
    offsets_.reset(new int32_t[chunk_rows + 1]);
  } else {
    size_t bytes = type_ == Type::boolean ? chunk_rows / 8 : chunk_rows * width_of(type_);
    values_.reset(new uint8_t[bytes]);
  }
  clear();
}

void ColumnGather::clear() {
  length_ = used_ = 0;
  has_nulls_ = false;
  if (type_ == Type::string) offsets_[0] = 0;
  if (type_ == Type::boolean) std::memset(values_.get(), 0, chunk_rows / 8);
}

void ColumnGather::append(duckdb_vector vector, int64_t rows) {
  const void* data = duckdb_vector_get_data(vector);
  uint64_t* validity = duckdb_vector_get_validity(vector);
  append_validity(validity, rows);
  if (type_ == Type::string) {
    append_text(static_cast<const duckdb_string_t*>(data), rows, validity);
  } else {
    append_values(data, rows, validity);
  }
  length_ += rows;
}

void ColumnGather::append_validity(const uint64_t* from, int64_t rows) {
  uint8_t* bits = reinterpret_cast<uint8_t*>(validity_.get());
  if (from == nullptr) {
    if (has_nulls_) set_bits(bits, length_, rows);
    return;
  }
  if (!has_nulls_) set_bits(bits, 0, length_);
  has_nulls_ = true;
  if ((length_ & 7) == 0) {
    std::memcpy(bits + (length_ >> 3), from, size_t(rows + 7) >> 3);
    return;
  }
  for (int64_t i = 0; i < rows; ++i) {
    bool present = (from[i >> 6] >> (i & 63)) & 1;
    present ? set_bit(bits, length_ + i) : clear_bit(bits, length_ + i);
  }
}

void ColumnGather::append_values(const void* from, int64_t rows, uint64_t* validity) {
  double* doubles = reinterpret_cast<double*>(values_.get()) + length_;
  int64_t* integers = reinterpret_cast<int64_t*>(values_.get()) + length_;
  switch (storage_) {
    case DUCKDB_TYPE_BOOLEAN: {
      const uint8_t* in = static_cast<const uint8_t*>(from);  // a null's byte may be anything
      for (int64_t i = 0; i < rows; ++i) {
        bool present = validity == nullptr || duckdb_validity_row_is_valid(validity, idx_t(i));
        if (present && in[i] != 0) set_bit(values_.get(), length_ + i);
      }
      return;
    }
    case DUCKDB_TYPE_TINYINT:
      return widen<int8_t, int64_t>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_UTINYINT:
      return widen<uint8_t, int64_t>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_USMALLINT:
      return widen<uint16_t, int64_t>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_UINTEGER:
      return widen<uint32_t, int64_t>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_UBIGINT:
      return widen<uint64_t, double>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_FLOAT:
      return widen<float, double>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_UHUGEINT:
      return widen_huge<duckdb_uhugeint>(from, doubles, rows);
    case DUCKDB_TYPE_DATE:
      return widen<int32_t, int32_t>(from, values_.get(), length_, rows);
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      std::memcpy(integers, from, size_t(rows) * 8);
      return;
    case DUCKDB_TYPE_TIMESTAMP_S:
      return scale_times(from, integers, rows, 1000000);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return scale_times(from, integers, rows, 1000);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return shorten_times(from, integers, rows);
    default:
      break;
  }
  // Decimals are kept as integers, so these four serve both.
  bool decimal = source_ == DUCKDB_TYPE_DECIMAL;
  if (storage_ == DUCKDB_TYPE_SMALLINT) {
    decimal ? widen<int16_t, double>(from, values_.get(), length_, rows)
            : widen<int16_t, int64_t>(from, values_.get(), length_, rows);
  } else if (storage_ == DUCKDB_TYPE_INTEGER) {
    decimal ? widen<int32_t, double>(from, values_.get(), length_, rows)
            : widen<int32_t, int64_t>(from, values_.get(), length_, rows);
  } else if (storage_ == DUCKDB_TYPE_BIGINT) {
    decimal ? widen<int64_t, double>(from, values_.get(), length_, rows)
            : widen<int64_t, int64_t>(from, values_.get(), length_, rows);
  } else {
    widen_huge<duckdb_hugeint>(from, doubles, rows);
  }
  if (decimal) {
    for (int64_t i = 0; i < rows; ++i) doubles[i] /= divisor_;
  }
}

void ColumnGather::append_text(const duckdb_string_t* from, int64_t rows,
                               const uint64_t* validity) {
  auto present = [&](int64_t i) {
    return validity == nullptr || ((validity[i >> 6] >> (i & 63)) & 1) != 0;
  };
  int64_t total = used_;
  for (int64_t i = 0; i < rows; ++i) {
    if (present(i)) total += from[i].value.inlined.length;
  }
  if (total > std::numeric_limits<int32_t>::max()) {
    throw Error(Code::exhausted, "more than 2 GiB of text in 65,536 cells of one column", {},
                "leave the column out, or keep a part of it with substr()");
  }
  // 12 bytes of room beyond, so that short text is copied at a fixed width.
  if (total + 16 > capacity_) {
    capacity_ = std::max(2 * capacity_, total + 4096);
    std::unique_ptr<char[]> larger(new char[size_t(capacity_)]);
    if (used_ > 0) std::memcpy(larger.get(), text_.get(), size_t(used_));
    text_ = std::move(larger);
  }
  char* out = text_.get() + used_;
  int32_t* offsets = offsets_.get() + length_ + 1;
  for (int64_t i = 0; i < rows; ++i) {
    if (present(i)) {
      uint32_t length = from[i].value.inlined.length;
      if (length <= 12) {
        std::memcpy(out, from[i].value.inlined.inlined, 12);
      } else {
        std::memcpy(out, from[i].value.pointer.ptr, length);
      }
      out += length;
    }
    offsets[i] = int32_t(out - text_.get());
  }
  used_ = out - text_.get();
}

Column ColumnGather::view() const {
  Column column;
  column.type = type_;
  column.length = length_;
  column.validity = has_nulls_ ? reinterpret_cast<const uint8_t*>(validity_.get()) : nullptr;
  column.data = type_ == Type::string ? static_cast<const void*>(text_.get()) : values_.get();
  column.offsets = offsets_.get();
  return column;
}

}  // namespace gristmill
