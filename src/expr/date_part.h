// Parts of dates and times, by DuckDB's names, and their arithmetic.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "frame/schema.h"

namespace gristmill::expr_internal {

enum class DatePart : uint8_t {
  millennium,
  century,
  decade,
  year,
  quarter,
  month,
  week,  // of ISO 8601, as isoyear, yearweek and isodow
  isoyear,
  yearweek,
  day,
  dow,
  isodow,
  doy,
  hour,
  minute,
  second,
  millisecond,
  microsecond,
  epoch,
};

inline bool is_part_of_day(DatePart part) { return part >= DatePart::hour; }

// "year", "yr", "y", … without regard to case.
std::optional<DatePart> find_date_part(std::string_view name);

// DuckDB's infinity and -infinity.
inline constexpr int32_t last_date = std::numeric_limits<int32_t>::max();
inline constexpr int64_t last_time = std::numeric_limits<int64_t>::max();
inline bool is_finite(int32_t days) { return days != last_date && days != -last_date; }
inline bool is_finite(int64_t micros) { return micros != last_time && micros != -last_time; }

// A finite value taken apart.
struct Moment {
  int64_t days = 0;    // since 1970-01-01
  int64_t micros = 0;  // of the day
  Type type = Type::date;

  // With a time zone (UTC) years before 1 count by the era, as ICU has it: before year 1 was 1 BC.
  bool by_era() const { return type == Type::timestamptz; }
  static Moment of(int32_t date, Type type);
  static Moment of(int64_t time, Type type);
};

// All parts but epoch.
int64_t date_part(DatePart part, const Moment& moment);
// Seconds since 1970.
double epoch(const Moment& moment);
// The start of the part's period; false beyond the range of timestamps.
bool date_trunc(DatePart part, const Moment& moment, int64_t& out);
// How many borders of periods lie between; false beyond the range of BIGINT.
bool date_diff(DatePart part, const Moment& start, const Moment& end, int64_t& out);

}  // namespace gristmill::expr_internal
