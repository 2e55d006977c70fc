#include "frame/civil.h"

#include <fmt/format.h>

#include <iterator>

namespace gristmill {

namespace {

// Years are counted from March, so that the leap day is a year's last, in eras of 400 years.
constexpr int64_t days_per_era = 146'097;
constexpr int64_t epoch_in_eras = 719'468;  // days from 0000-03-01 to 1970-01-01

}  // namespace

CivilDate civil_from_days(int64_t days) {
  days += epoch_in_eras;
  int64_t era = floor_divide(days, days_per_era);
  int64_t day_of_era = days - era * days_per_era;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month_from_march = (5 * day_of_year + 2) / 153;
  int month = int(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  int day = int(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  return {era * 400 + year_of_era + (month <= 2), month, day};
}

int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = floor_divide(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t month_from_march = month > 2 ? month - 3 : month + 9;
  int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * days_per_era + day_of_era - epoch_in_eras;
}

int days_in_month(int64_t year, int month) {
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

void append_date(int64_t days, std::string& out) {
  CivilDate date = civil_from_days(days);
  if (date.year < 0) out += '-';
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}",
                 date.year < 0 ? -date.year : date.year, date.month, date.day);
}

void append_timestamp(int64_t micros, std::string& out) {
  int64_t days = days_of_micros(micros);
  // Not micros - days * micros_per_day, which overflows for the earliest instants.
  int64_t of_day = micros % micros_per_day;
  if (of_day < 0) of_day += micros_per_day;
  append_date(days, out);
  int64_t seconds = of_day / micros_per_second;
  fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (int64_t fraction = of_day % micros_per_second; fraction != 0)
    fmt::format_to(std::back_inserter(out), ".{:06}", fraction);
}

}  // namespace gristmill
