// 64-bit hashes of cells. They are written into bundles (lookup's index): never change them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "frame/column.h"

namespace gristmill {

// A bijection of 64 bits in which every input bit moves every output bit.
inline uint64_t mix64(uint64_t x) {
  x ^= x >> 32;
  x *= 0xe9846af9b1a615dULL;
  x ^= x >> 32;
  x *= 0xe9846af9b1a615dULL;
  x ^= x >> 28;
  return x;
}

// Order matters: combine(a, b) differs from combine(b, a).
inline uint64_t combine64(uint64_t seed, uint64_t hash) {
  return mix64(seed * 0x9e3779b97f4a7c15ULL + hash + 0x632be59bd9b4e019ULL);
}

// Of bytes; not against an adversary. O(size).
inline uint64_t hash64(std::string_view bytes, uint64_t seed = 0) {
  auto folded = [](uint64_t a, uint64_t b) {
    auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  const char* p = bytes.data();
  size_t n = bytes.size();
  uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15ULL) ^ 0x2545f4914f6cdd1dULL;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = folded(h ^ word, 0xd6e8feb86659fd93ULL) + word;
  }
  if (n > 0) {
    uint64_t word = 0;
    std::memcpy(&word, p, n);
    h = folded(h ^ word, 0xd6e8feb86659fd93ULL) + word;
  }
  return mix64(h);
}

// Numbers that are equal hash equally whatever their type: 5 and 5.0; -0.0 and 0.0; all NaN.
inline uint64_t hash_number(int64_t value) {
  return mix64(static_cast<uint64_t>(value) ^ 0x8f14e45fceea167aULL);
}
inline uint64_t hash_number(double value) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (value >= -limit && value < limit) {
    auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) return hash_number(whole);
  }
  uint64_t bits = 0x7ff8000000000000ULL;
  if (!std::isnan(value)) std::memcpy(&bits, &value, 8);
  return mix64(bits ^ 0x45c48cce2e2d7fbdULL);
}

inline constexpr uint64_t null_hash = 0x6c62272e07bb0142ULL;

// Of one cell, by its value. Dates and timestamps hash by their count of days or microseconds.
inline uint64_t hash_cell(const Column& column, int64_t i) {
  if (column.is_null(i)) return null_hash;
  switch (column.type) {
    case Type::boolean:
      return hash_number(int64_t(column.boolean(i)));
    case Type::float64:
      return hash_number(column.values<double>()[i]);
    case Type::string:
      return hash64(column.string(i));
    case Type::date:
      return hash_number(int64_t(column.values<int32_t>()[i]));
    default:
      return hash_number(column.values<int64_t>()[i]);
  }
}

}  // namespace gristmill
