#include "table/row_hash.h"

#include <bit>
#include <cstring>

namespace gristmill {
namespace {

constexpr uint64_t null_value = 0x9e3779b97f4a7c15;

// The finalizer of SplitMix64 (Steele, Lea and Flood 2014) over both.
uint64_t mix(uint64_t hash, uint64_t value) {
  uint64_t z = (hash + 0x9e3779b97f4a7c15) ^ value;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t canonical(double value) {
  if (value == 0) return 0;
  if (value != value) return 0x7ff8000000000000;
  return std::bit_cast<uint64_t>(value);
}

uint64_t hash_text(std::string_view text) {
  uint64_t hash = text.size();
  uint64_t word;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash, word);
  }
  word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mix(hash, word);
}

template <class Value>
void add(const Column& column, std::vector<uint64_t>& hash, Value value) {
  int64_t rows = column.length;
  if (column.validity == nullptr) {
    for (int64_t i = 0; i < rows; ++i) hash[size_t(i)] = mix(hash[size_t(i)], value(i));
  } else {
    for (int64_t i = 0; i < rows; ++i) {
      hash[size_t(i)] = mix(hash[size_t(i)], column.is_null(i) ? null_value : value(i));
    }
  }
}

}  // namespace

void hash_rows_fast(const Batch& batch, std::vector<uint64_t>& hash, std::vector<int64_t>& bytes) {
  hash.assign(size_t(batch.rows), 0);
  bytes.assign(size_t(batch.rows), int64_t(9 * batch.columns.size()));
  for (const Column& column : batch.columns) {
    switch (column.type) {
      case Type::boolean:
        add(column, hash, [&](int64_t i) { return uint64_t(column.boolean(i)); });
        break;
      case Type::float64:
        add(column, hash, [v = column.values<double>()](int64_t i) { return canonical(v[i]); });
        break;
      case Type::date:
        add(column, hash, [v = column.values<int32_t>()](int64_t i) { return uint64_t(v[i]); });
        break;
      case Type::string:
        add(column, hash, [&](int64_t i) { return hash_text(column.string(i)); });
        for (int64_t i = 0; i < batch.rows; ++i) {
          bytes[size_t(i)] += column.offsets[i + 1] - column.offsets[i];
        }
        break;
      default:
        add(column, hash, [v = column.values<int64_t>()](int64_t i) { return uint64_t(v[i]); });
    }
  }
}

}  // namespace gristmill
