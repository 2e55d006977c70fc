// The proleptic Gregorian calendar, for every value a date or timestamp can hold.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace gristmill {

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  // 1 … 12
  int day = 1;    // 1 … 31
};

inline constexpr int64_t micros_per_second = 1'000'000;
inline constexpr int64_t seconds_per_day = 86'400;
inline constexpr int64_t micros_per_day = seconds_per_day * micros_per_second;

// Rounds down.
inline int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

CivilDate civil_from_days(int64_t days);
// Days since 1970-01-01 of a valid civil date.
int64_t days_from_civil(int64_t year, int month, int day);
inline bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
int days_in_month(int64_t year, int month);

// Monday 0 … Sunday 6 of a count of days since 1970-01-01 (a Thursday).
inline int weekday_of(int64_t days) {
  int64_t w = (days + 3) % 7;
  return int(w < 0 ? w + 7 : w);
}

// The day that an instant lies in.
inline int64_t days_of_micros(int64_t micros) { return floor_divide(micros, micros_per_day); }

// Midnight of a day; for days that no instant reaches, the last one there is (or the first).
inline int64_t micros_of_days(int64_t days) {
  int64_t micros = 0;
  if (!__builtin_mul_overflow(days, micros_per_day, &micros)) return micros;
  return days > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

// 2013-01-01; years past 9999 have more digits, years before 0 a minus.
void append_date(int64_t days, std::string& out);
// 2013-01-01T05:00:00, with .ffffff when there is a fraction.
void append_timestamp(int64_t micros, std::string& out);

}  // namespace gristmill
