// The parts of a date and time that a model can learn from.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feature/calendar.h"
#include "feature/holidays.h"
#include "frame/column.h"
#include "frame/time_zone.h"

namespace gristmill {

enum class Part : uint8_t {
  year,
  month,
  week,
  day,
  day_of_year,
  weekday,
  hour,  // counted in minutes of the day
  minute,
  holiday,
  days_to_holiday,
  days_since_holiday,
  elapsed,  // days since the earliest in training
  before,   // days before the prediction time
};
inline constexpr size_t part_count = 13;
inline constexpr size_t calendar_part_count = 11;  // all but the last two, which are differences

struct PartInfo {
  std::string_view name;
  int first = 0;        // the smallest value of a cycle
  int period = 0;       // values in a cycle; 0: it does not return
  double span = 0;      // days that training must span to have seen a whole cycle
  bool of_day = false;  // dates have none
  double unit = 1;      // value / unit is what is written as a number
};
const PartInfo& info_of(Part part);
// Those that do not come with holidays.
const std::vector<std::string>& part_names();
// Code::corrupt when there is none.
Part parse_part(std::string_view name);

// sin and cos of 2π (value − first) / period for each value of a cycle.
struct Circle {
  std::vector<float> sine, cosine;
};
const Circle& circle_of(Part part);

// A moment as its calendar parts are read from it.
struct WallTime {
  int64_t days;  // since 1970-01-01
  int minute;    // of the day
};

// Values of a date or time column as wall time in a zone, or as a count of days.
class Clock {
 public:
  // `zone` moves instants (timestamptz) to its wall; others stand as they are.
  Clock(const Column& column, const TimeZone& zone) : column_(column), zone_(zone) {}

  WallTime wall(int64_t i) {
    if (column_.type == Type::date) return {column_.values<int32_t>()[i], 0};
    int64_t seconds = floor_divide(column_.values<int64_t>()[i], micros_per_second);
    if (column_.type == Type::timestamptz) seconds += zone_.offset_at(seconds, hint_);
    int64_t days = floor_divide(seconds, seconds_per_day);
    return {days, int((seconds - days * seconds_per_day) / 60)};
  }
  // Days since 1970-01-01 with their fraction; `local`: of the wall rather than the instant.
  double days(int64_t i, bool local) {
    if (column_.type == Type::date) return double(column_.values<int32_t>()[i]);
    int64_t micros = column_.values<int64_t>()[i];
    double shift = 0;
    if (local && column_.type == Type::timestamptz)
      shift = zone_.offset_at(floor_divide(micros, micros_per_second), hint_);
    return (double(micros) / double(micros_per_second) + shift) / double(seconds_per_day);
  }

 private:
  const Column& column_;
  const TimeZone& zone_;
  size_t hint_ = 0;
};

inline bool needs_civil(Part part) { return part <= Part::day_of_year && part != Part::week; }

// Those that come with holidays, in order.
inline constexpr Part holiday_parts[] = {Part::holiday, Part::days_to_holiday,
                                         Part::days_since_holiday};
inline bool needs_holidays(Part part) {
  return part >= Part::holiday && part <= Part::days_since_holiday;
}

// `civil` and `holidays` are read only where needs_civil and needs_holidays say so.
inline int64_t value_of(Part part, WallTime wall, const CivilDate& civil,
                        const Holidays& holidays) {
  switch (part) {
    case Part::year:
      return civil.year;
    case Part::month:
      return civil.month;
    case Part::week:
      return week_of(wall.days);
    case Part::day:
      return civil.day;
    case Part::day_of_year:
      return day_of_year(civil);
    case Part::weekday:
      return weekday_of(wall.days);
    case Part::hour:
      return wall.minute;
    case Part::holiday:
      return holidays.days_to_next(wall.days) == 0;
    case Part::days_to_holiday:
      return holidays.days_to_next(wall.days);
    case Part::days_since_holiday:
      return holidays.days_since_last(wall.days);
    default:
      return wall.minute % 60;
  }
}

}  // namespace gristmill
