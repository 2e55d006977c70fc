// Walks a column's present values with the type known outside the loop.
#pragma once

#include <cstdint>

#include "frame/column.h"

namespace gristmill {

// Calls visit(i) for each row that is not null, in order.
template <class Visit>
void for_present(const Column& column, Visit&& visit) {
  if (column.validity == nullptr) {
    for (int64_t i = 0; i < column.length; ++i) visit(i);
    return;
  }
  for_each_bit(column.validity, column.length, visit);
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
