#include "frame/cell.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "frame/civil.h"

namespace gristmill {

namespace {

// Written through a bare pointer: the caller has made room for `canonical_bound` bytes.
struct Canonical {
  char* at;

  template <class T>
  void put(T value) {
    std::memcpy(at, &value, sizeof(value));
    at += sizeof(value);
  }
};

constexpr size_t fixed_bound = 9;  // a head byte and the widest value, or the length of a text

size_t canonical_bound(const Column& column, int64_t i) {
  return column.type == Type::string && !column.is_null(i) ? fixed_bound + column.string(i).size()
                                                           : fixed_bound;
}

uint64_t canonical_bits(double value) {
  if (value == 0) return 0;
  if (std::isnan(value)) return 0x7ff8000000000000u;
  return std::bit_cast<uint64_t>(value);
}

char* write_canonical(const Column& column, int64_t i, char* to) {
  Canonical out{to};
  bool null = column.is_null(i);
  out.put(uint8_t(uint8_t(column.type) << 1 | uint8_t(null)));
  if (null) return out.at;
  switch (column.type) {
    case Type::boolean:
      out.put(uint8_t(column.boolean(i)));
      break;
    case Type::float64:
      out.put(canonical_bits(column.values<double>()[i]));
      break;
    case Type::date:
      out.put(column.values<int32_t>()[i]);
      break;
    case Type::int64:
    case Type::timestamp:
    case Type::timestamptz:
      out.put(column.values<int64_t>()[i]);
      break;
    case Type::string: {
      std::string_view text = column.string(i);
      out.put(uint64_t(text.size()));
      if (!text.empty()) std::memcpy(out.at, text.data(), text.size());
      out.at += text.size();
    }
  }
  return out.at;
}

// One buffer for the canonical bytes of many rows.
class RowBytes {
 public:
  explicit RowBytes(size_t room) : bytes_(room) {}

  void add(const Column& column, int64_t i) {
    size_t bound = used_ + canonical_bound(column, i);
    if (bound > bytes_.size()) bytes_.resize(bound * 2);
    used_ = size_t(write_canonical(column, i, bytes_.data() + used_) - bytes_.data());
  }
  std::string_view view() const { return {bytes_.data(), used_}; }
  void clear() { used_ = 0; }

 private:
  std::vector<char> bytes_;
  size_t used_ = 0;
};

}  // namespace

void append_canonical(const Column& column, int64_t i, std::string& out) {
  size_t used = out.size();
  out.resize(used + canonical_bound(column, i));
  out.resize(size_t(write_canonical(column, i, out.data() + used) - out.data()));
}

void row_keys(const Batch& batch, std::span<const size_t> columns, std::vector<uint64_t>& out) {
  out.resize(size_t(batch.rows));
  RowBytes bytes(columns.size() * 32 + 64);
  for (int64_t row = 0; row < batch.rows; ++row) {
    bytes.clear();
    for (size_t column : columns) bytes.add(batch.columns[column], row);
    out[size_t(row)] = digest64(bytes.view());
  }
}

void hash_rows(const Batch& batch, int64_t begin, int64_t count, Hasher& hasher) {
  constexpr size_t flush_at = 32 * 1024;  // stays in the first-level cache
  RowBytes bytes(flush_at + 4096);
  for (int64_t row = begin; row < begin + count; ++row) {
    for (const Column& column : batch.columns) bytes.add(column, row);
    if (bytes.view().size() >= flush_at) {
      hasher.update(bytes.view());
      bytes.clear();
    }
  }
  hasher.update(bytes.view());
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
      append_date(column.values<int32_t>()[i], out);
      break;
    case Type::timestamp:
      append_timestamp(column.values<int64_t>()[i], out);
      break;
    case Type::timestamptz:
      append_timestamp(column.values<int64_t>()[i], out);
      out += 'Z';
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
