// The proleptic Gregorian calendar, for every value a date or timestamp can hold.
#pragma once

#include <cstdint>
#include <string>

namespace gristmill {

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  // 1 … 12
  int day = 1;    // 1 … 31
};

inline constexpr int64_t micros_per_second = 1'000'000;
inline constexpr int64_t micros_per_day = 86'400 * micros_per_second;

CivilDate civil_from_days(int64_t days);
// Days since 1970-01-01 of a valid civil date.
int64_t days_from_civil(int64_t year, int month, int day);
int days_in_month(int64_t year, int month);

// Rounds down: the day of an instant before 1970 is the one it lies in.
inline int64_t days_of_micros(int64_t micros) {
  int64_t days = micros / micros_per_day;
  return micros % micros_per_day < 0 ? days - 1 : days;
}

// 2013-01-01; years past 9999 have more digits, years before 0 a minus.
void append_date(int64_t days, std::string& out);
// 2013-01-01T05:00:00, with .ffffff when there is a fraction.
void append_timestamp(int64_t micros, std::string& out);

}  // namespace gristmill
