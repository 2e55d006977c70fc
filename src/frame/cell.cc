#include "frame/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "frame/civil.h"

namespace gristmill {

namespace {

constexpr size_t fixed_bound = 9;  // a head byte and the widest value, or the length of a text

uint64_t canonical_bits(double value) {
  if (value == 0) return 0;
  if (std::isnan(value)) return 0x7ff8000000000000u;
  return std::bit_cast<uint64_t>(value);
}

template <class T>
char* put(char* to, T value) {
  std::memcpy(to, &value, sizeof(value));
  return to + sizeof(value);
}

// The most bytes that the canonical form of cell `i` takes.
template <Type type>
size_t canonical_bound(const Column& column, int64_t i) {
  if constexpr (type == Type::string)
    return fixed_bound + size_t(column.offsets[i + 1] - column.offsets[i]);
  return fixed_bound;
}

// Writes cell `i`; returns where it ends.
template <Type type>
char* write_canonical(const Column& column, int64_t i, char* to) {
  bool null = column.is_null(i);
  to = put(to, uint8_t(uint8_t(type) << 1 | uint8_t(null)));
  if (null) return to;
  if constexpr (type == Type::boolean) return put(to, uint8_t(column.boolean(i)));
  if constexpr (type == Type::float64) return put(to, canonical_bits(column.values<double>()[i]));
  if constexpr (type == Type::date) return put(to, column.values<int32_t>()[i]);
  if constexpr (type == Type::string) {
    std::string_view text = column.string(i);
    to = put(to, uint64_t(text.size()));
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
  }
  return put(to, column.values<int64_t>()[i]);
}

// Calls call.operator()<type>().
template <class Call>
void with_type(Type type, const Call& call) {
  switch (type) {
    case Type::boolean:
      return call.template operator()<Type::boolean>();
    case Type::int64:
      return call.template operator()<Type::int64>();
    case Type::float64:
      return call.template operator()<Type::float64>();
    case Type::string:
      return call.template operator()<Type::string>();
    case Type::date:
      return call.template operator()<Type::date>();
    case Type::timestamp:
      return call.template operator()<Type::timestamp>();
    case Type::timestamptz:
      return call.template operator()<Type::timestamptz>();
  }
}

// The canonical bytes of some rows. They are written column by column, so that a type is looked at
// once a column and not once a cell; each row has room enough, and a gap after it.
class RowBytes {
 public:
  static constexpr int64_t rows = 128;  // at once: what they hold stays in the cache

  // Rows [begin, begin + count) of the columns in this order; count is at most `rows`.
  void fill(std::span<const Column* const> columns, int64_t begin, int64_t count) {
    size_t end = 0;
    for (int64_t i = 0; i < count; ++i) starts_[i] = columns.size() * fixed_bound;
    for (const Column* column : columns)
      if (column->type == Type::string)
        for (int64_t i = 0; i < count; ++i)
          starts_[i] += size_t(column->offsets[begin + i + 1] - column->offsets[begin + i]);
    for (int64_t i = 0; i < count; ++i) end += std::exchange(starts_[i], end);
    if (bytes_.size() < end) bytes_.resize(end + end / 4);
    for (int64_t i = 0; i < count; ++i) ends_[i] = bytes_.data() + starts_[i];
    for (const Column* column : columns)
      with_type(column->type, [&]<Type type>() {
        for (int64_t i = 0; i < count; ++i)
          ends_[i] = write_canonical<type>(*column, begin + i, ends_[i]);
      });
  }
  std::string_view row(int64_t i) const {
    const char* start = bytes_.data() + starts_[i];
    return {start, size_t(ends_[i] - start)};
  }

 private:
  std::vector<char> bytes_;
  std::array<size_t, rows> starts_;
  std::array<char*, rows> ends_;
};

// Calls row(i, its canonical bytes) for rows [begin, end).
template <class Row>
void for_each_row(std::span<const Column* const> columns, int64_t begin, int64_t end,
                  const Row& row) {
  RowBytes bytes;
  for (; begin < end; begin += RowBytes::rows) {
    int64_t count = std::min(RowBytes::rows, end - begin);
    bytes.fill(columns, begin, count);
    for (int64_t i = 0; i < count; ++i) row(begin + i, bytes.row(i));
  }
}

}  // namespace

void append_canonical(const Column& column, int64_t i, std::string& out) {
  with_type(column.type, [&]<Type type>() {
    size_t used = out.size();
    out.resize(used + canonical_bound<type>(column, i));
    out.resize(size_t(write_canonical<type>(column, i, out.data() + used) - out.data()));
  });
}

void row_keys(const Batch& batch, std::span<const size_t> columns, std::vector<uint64_t>& out) {
  std::vector<const Column*> keys;
  for (size_t column : columns) keys.push_back(&batch.columns[column]);
  out.resize(size_t(batch.rows));
  for_each_row(keys, 0, batch.rows,
               [&](int64_t i, std::string_view bytes) { out[size_t(i)] = digest64(bytes); });
}

void hash_rows(const Batch& batch, int64_t begin, int64_t count, Hasher& hasher) {
  std::vector<const Column*> columns;
  for (const Column& column : batch.columns) columns.push_back(&column);
  for_each_row(columns, begin, begin + count,
               [&](int64_t, std::string_view bytes) { hasher.update(bytes); });
}

// Databases keep dates and times before and behind all others: the extremes of their integers.
template <class Value>
static bool append_infinity(Value value, std::string& out) {
  constexpr Value most = std::numeric_limits<Value>::max();
  if (value != most && value != -most) return false;
  out += value > 0 ? "infinity" : "-infinity";
  return true;
}

void append_text(const Column& column, int64_t i, std::string& out) {
  if (column.is_null(i)) return;
  switch (column.type) {
    case Type::boolean:
      out += column.boolean(i) ? "true" : "false";
      break;
    case Type::int64:
      fmt::format_to(std::back_inserter(out), "{}", column.values<int64_t>()[i]);
      break;
    case Type::float64: {
      char digits[32];
      auto end = std::to_chars(digits, digits + sizeof(digits), column.values<double>()[i]).ptr;
      out.append(digits, end);
      break;
    }
    case Type::date:
      if (!append_infinity(column.values<int32_t>()[i], out))
        append_date(column.values<int32_t>()[i], out);
      break;
    case Type::timestamp:
    case Type::timestamptz:
      if (append_infinity(column.values<int64_t>()[i], out)) break;
      append_timestamp(column.values<int64_t>()[i], out);
      if (column.type == Type::timestamptz) out += 'Z';
      break;
    case Type::string:
      out += column.string(i);
      break;
  }
}

std::string cell_text(const Column& column, int64_t i) {
  std::string text;
  append_text(column, i, text);
  return text;
}

nlohmann::json cell_json(const Column& column, int64_t i) {
  if (column.is_null(i)) return nullptr;
  switch (column.type) {
    case Type::boolean:
      return column.boolean(i);
    case Type::int64:
      return column.values<int64_t>()[i];
    case Type::float64: {
      double value = column.values<double>()[i];
      if (!std::isfinite(value)) return nullptr;
      return value;
    }
    default:
      return cell_text(column, i);
  }
}

}  // namespace gristmill
