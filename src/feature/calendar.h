// Parts of a date beside those of frame/civil.h.
#pragma once

#include <cstdint>

#include "frame/civil.h"

namespace gristmill {

// 1 … 366.
inline int day_of_year(const CivilDate& date) {
  constexpr int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  return before[date.month - 1] + date.day + (date.month > 2 && is_leap(date.year));
}

// ISO 8601 week of the year, 1 … 53: that of its Thursday.
inline int week_of(int64_t days) {
  return (day_of_year(civil_from_days(days - weekday_of(days) + 3)) - 1) / 7 + 1;
}

}  // namespace gristmill
