// Bitmaps, one bit a row: bit i is bit i % 8 of byte i / 8, as Arrow has it. None is read past its
// last byte, since many come from elsewhere; bits past the last row say nothing.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace gristmill {

inline bool get_bit(const uint8_t* bits, int64_t i) { return (bits[i >> 3] >> (i & 7)) & 1; }
inline void set_bit(uint8_t* bits, int64_t i) { bits[i >> 3] |= uint8_t(1) << (i & 7); }
inline void clear_bit(uint8_t* bits, int64_t i) { bits[i >> 3] &= ~(uint8_t(1) << (i & 7)); }

inline int64_t bytes_of_bits(int64_t bits) { return (bits + 7) / 8; }
inline int64_t words_of_bits(int64_t bits) { return (bits + 63) / 64; }

// 64 ones from bit 64·word on; bits past `length` are 0.
inline uint64_t full_word(int64_t word, int64_t length) {
  const int64_t left = length - word * 64;
  return left >= 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
}

// The 64 bits from bit 64·word on; bits past `length` are 0.
inline uint64_t word_at(const uint8_t* bits, int64_t word, int64_t length) {
  uint64_t value = 0;
  const int64_t left = length - word * 64;
  if (left >= 64) {
    std::memcpy(&value, bits + word * 8, 8);
    return value;
  }
  std::memcpy(&value, bits + word * 8, size_t(bytes_of_bits(left)));
  return value & full_word(word, length);
}

// visit(i) for each bit that is set, in order.
template <class Visit>
void for_each_bit(const uint8_t* bits, int64_t length, Visit&& visit) {
  for (int64_t word = 0; word * 64 < length; ++word) {
    for (uint64_t rest = word_at(bits, word, length); rest != 0; rest &= rest - 1)
      visit(word * 64 + std::countr_zero(rest));
  }
}

// out[i] = f(i) for each bit.
template <class F>
void fill_bits(uint8_t* out, int64_t length, F f) {
  for (int64_t begin = 0; begin < length; begin += 64) {
    const int64_t count = length - begin < 64 ? length - begin : 64;
    uint64_t word = 0;
    for (int64_t j = 0; j < count; ++j) word |= uint64_t(bool(f(begin + j))) << j;
    std::memcpy(out + begin / 8, &word, size_t(bytes_of_bits(count)));
  }
}

// out = f(a), word by word; `out` may be `a`.
template <class F>
void map_bits(uint8_t* out, const uint8_t* a, int64_t length, F f) {
  const int64_t bytes = bytes_of_bits(length);
  int64_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t x;
    std::memcpy(&x, a + i, 8);
    const uint64_t z = f(x);
    std::memcpy(out + i, &z, 8);
  }
  for (; i < bytes; ++i) out[i] = static_cast<uint8_t>(f(uint64_t(a[i])));
}

// out = f(a, b), word by word; `out` may be one of the inputs.
template <class F>
void combine_bits(uint8_t* out, const uint8_t* a, const uint8_t* b, int64_t length, F f) {
  const int64_t bytes = bytes_of_bits(length);
  int64_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t x, y;
    std::memcpy(&x, a + i, 8);
    std::memcpy(&y, b + i, 8);
    const uint64_t z = f(x, y);
    std::memcpy(out + i, &z, 8);
  }
  for (; i < bytes; ++i) out[i] = static_cast<uint8_t>(f(uint64_t(a[i]), uint64_t(b[i])));
}

inline bool any_bit(const uint8_t* bits, int64_t length) {
  for (int64_t i = 0; i < length / 8; ++i) {
    if (bits[i] != 0) return true;
  }
  return length % 8 != 0 && (bits[length / 8] & ((1 << (length % 8)) - 1)) != 0;
}

}  // namespace gristmill
