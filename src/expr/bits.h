// Whole bitmaps at a time. Bitmaps come from elsewhere, so none is read past its last byte.
#pragma once

#include <cstdint>
#include <cstring>

#include "frame/column.h"

namespace gristmill {

inline int64_t bytes_of_bits(int64_t bits) { return (bits + 7) / 8; }

// out = f(a, b), word by word; `out` may be one of the inputs.
template <class F>
void combine_bits(uint8_t* out, const uint8_t* a, const uint8_t* b, int64_t bits, F f) {
  const int64_t bytes = bytes_of_bits(bits);
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

// out[i] = f(i) for each bit.
template <class F>
void fill_bits(uint8_t* out, int64_t bits, F f) {
  for (int64_t begin = 0; begin < bits; begin += 64) {
    const int64_t count = bits - begin < 64 ? bits - begin : 64;
    uint64_t word = 0;
    for (int64_t j = 0; j < count; ++j) word |= uint64_t(bool(f(begin + j))) << j;
    std::memcpy(out + begin / 8, &word, size_t(bytes_of_bits(count)));
  }
}

// f(i) for each bit that is set, in order.
template <class F>
void for_each_bit(const uint8_t* bitmap, int64_t bits, F f) {
  for (int64_t begin = 0; begin < bits; begin += 64) {
    const int64_t count = bits - begin < 64 ? bits - begin : 64;
    uint64_t word = 0;
    std::memcpy(&word, bitmap + begin / 8, size_t(bytes_of_bits(count)));
    if (count < 64) word &= (uint64_t(1) << count) - 1;
    for (; word != 0; word &= word - 1) f(begin + __builtin_ctzll(word));
  }
}

inline bool any_bit(const uint8_t* bitmap, int64_t bits) {
  for (int64_t i = 0; i < bits / 8; ++i) {
    if (bitmap[i] != 0) return true;
  }
  return bits % 8 != 0 && (bitmap[bits / 8] & ((1 << (bits % 8)) - 1)) != 0;
}

}  // namespace gristmill
