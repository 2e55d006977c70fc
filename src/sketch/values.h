// Walks a column's present values with the type known outside the loop.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "frame/column.h"

namespace gristmill {

// 64 bits of a bitmap of `length` bits from bit 64·word on; bits past the end are 0.
inline uint64_t bits_at(const uint8_t* bits, int64_t word, int64_t length) {
  int64_t left = length - word * 64;
  uint64_t value = 0;
  if (left >= 64) {
    std::memcpy(&value, bits + word * 8, 8);
    return value;
  }
  std::memcpy(&value, bits + word * 8, size_t((left + 7) / 8));
  return value & ((uint64_t(1) << left) - 1);
}

// Calls visit(i) for each row that is not null, in order.
template <class Visit>
void for_present(const Column& column, Visit&& visit) {
  if (column.validity == nullptr) {
    for (int64_t i = 0; i < column.length; ++i) visit(i);
    return;
  }
  for (int64_t word = 0; word * 64 < column.length; ++word) {
    uint64_t bits = bits_at(column.validity, word, column.length);
    for (; bits != 0; bits &= bits - 1) visit(word * 64 + std::countr_zero(bits));
  }
}

// Calls visit(double) for each present value: booleans as 0 and 1, dates as days, timestamps as
// microseconds. Text has no numbers: nothing is visited.
template <class Visit>
void for_numbers(const Column& column, Visit&& visit) {
  switch (column.type) {
    case Type::boolean:
      for_present(column, [&](int64_t i) { visit(column.boolean(i) ? 1.0 : 0.0); });
      break;
    case Type::float64:
      for_present(column, [&, v = column.values<double>()](int64_t i) { visit(v[i]); });
      break;
    case Type::date:
      for_present(column, [&, v = column.values<int32_t>()](int64_t i) { visit(double(v[i])); });
      break;
    case Type::string:
      break;
    default:
      for_present(column, [&, v = column.values<int64_t>()](int64_t i) { visit(double(v[i])); });
  }
}

}  // namespace gristmill
