#include "expr/date_part.h"

#include "base/text.h"
#include "frame/civil.h"

namespace gristmill::expr_internal {
namespace {

struct PartNames {
  DatePart part;
  std::string_view names;  // between commas
};
constexpr PartNames part_names[] = {
    {DatePart::millennium, ",millennium,mil,millenniums,millennia,mils,millenium,"},
    {DatePart::century, ",century,cent,centuries,c,"},
    {DatePart::decade, ",decade,dec,decades,decs,"},
    {DatePart::year, ",year,yr,y,years,yrs,"},
    {DatePart::quarter, ",quarter,quarters,"},
    {DatePart::month, ",month,mon,months,mons,"},
    {DatePart::week, ",week,weeks,w,weekofyear,"},
    {DatePart::isoyear, ",isoyear,"},
    {DatePart::yearweek, ",yearweek,"},
    {DatePart::day, ",day,days,d,dayofmonth,"},
    {DatePart::dow, ",dow,dayofweek,weekday,"},
    {DatePart::isodow, ",isodow,"},
    {DatePart::doy, ",doy,dayofyear,"},
    {DatePart::hour, ",hour,hr,hours,hrs,h,"},
    {DatePart::minute, ",minute,min,minutes,mins,m,"},
    {DatePart::second, ",second,sec,seconds,secs,s,"},
    {DatePart::millisecond, ",millisecond,milliseconds,ms,msec,msecs,msecond,mseconds,"},
    {DatePart::microsecond, ",microsecond,microseconds,us,usec,usecs,usecond,useconds,"},
    {DatePart::epoch, ",epoch,"},
};

// Of parts of a day, in microseconds; 0: the part is of days.
constexpr int64_t unit_of(DatePart part) {
  switch (part) {
    case DatePart::hour:
      return 3600 * micros_per_second;
    case DatePart::minute:
      return 60 * micros_per_second;
    case DatePart::second:
    case DatePart::epoch:
      return micros_per_second;
    case DatePart::millisecond:
      return 1000;
    case DatePart::microsecond:
      return 1;
    default:
      return 0;
  }
}
// Of parts of many years.
constexpr int64_t years_of(DatePart part) {
  return part == DatePart::millennium ? 1000 : part == DatePart::century ? 100 : 10;
}

// Monday is 1.
int64_t iso_weekday(int64_t days) { return days + 3 - 7 * floor_divide(days + 3, 7) + 1; }
int64_t monday_of(int64_t days) { return days - iso_weekday(days) + 1; }

struct IsoWeek {
  int64_t year, week;
};
IsoWeek iso_week(int64_t days) {
  const int64_t thursday = monday_of(days) + 3;  // a week is of the year of its Thursday
  const int64_t year = civil_from_days(thursday).year;
  return {year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1};
}

int64_t year_by_era(int64_t year) { return year > 0 ? year : 1 - year; }

// Decades and longer start where DuckDB's division cuts: towards year 0.
int64_t long_period_start(DatePart part, int64_t year, bool by_era) {
  const int64_t years = years_of(part);
  if (!by_era || year > 0) return year / years * years;
  return 1 - year_by_era(year) / years * years;
}

int64_t first_day_of(DatePart part, const Moment& moment) {
  const int64_t days = moment.days;
  switch (part) {
    case DatePart::week:
    case DatePart::yearweek:
      return monday_of(days);
    case DatePart::isoyear: {
      const int64_t monday = monday_of(days);
      return monday - 7 * (iso_week(monday).week - 1);
    }
    case DatePart::day:
    case DatePart::dow:
    case DatePart::isodow:
    case DatePart::doy:
      return days;
    default:
      break;
  }
  const CivilDate date = civil_from_days(days);
  switch (part) {
    case DatePart::month:
      return days_from_civil(date.year, date.month, 1);
    case DatePart::quarter:
      return days_from_civil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
    case DatePart::year:
      return days_from_civil(date.year, 1, 1);
    default:
      return days_from_civil(long_period_start(part, date.year, moment.by_era()), 1, 1);
  }
}

// The number of the period, which differences count.
int64_t period_of(DatePart part, const Moment& moment) {
  const CivilDate date = civil_from_days(moment.days);
  switch (part) {
    case DatePart::year:
      return date.year;
    case DatePart::quarter:
      return moment.by_era() ? date.year * 4 + (date.month - 1) / 3
                             : (date.year * 12 + date.month - 1) / 3;
    case DatePart::month:
      return date.year * 12 + date.month - 1;
    case DatePart::isoyear:
      return iso_week(moment.days).year;
    default:
      return date.year / years_of(part);
  }
}

}  // namespace

std::optional<DatePart> find_date_part(std::string_view name) {
  if (name.empty() || name.find(',') != std::string_view::npos) return std::nullopt;
  const std::string wanted = "," + lower(name) + ",";
  for (const PartNames& row : part_names) {
    if (row.names.find(wanted) != std::string_view::npos) return row.part;
  }
  return std::nullopt;
}

Moment Moment::of(int32_t date, Type) { return {.days = date}; }

Moment Moment::of(int64_t time, Type type) {
  int64_t micros = time % micros_per_day;
  if (micros < 0) micros += micros_per_day;
  return {.days = days_of_micros(time), .micros = micros, .type = type};
}

int64_t date_part(DatePart part, const Moment& moment) {
  const int64_t days = moment.days;
  switch (part) {
    case DatePart::week:
      return iso_week(days).week;
    case DatePart::isoyear:
      return iso_week(days).year;
    case DatePart::yearweek: {
      const IsoWeek week = iso_week(days);
      return week.year * 100 + (week.year > 0 ? week.week : -week.week);
    }
    case DatePart::dow:
      return iso_weekday(days) % 7;
    case DatePart::isodow:
      return iso_weekday(days);
    case DatePart::hour:
      return moment.micros / (3600 * micros_per_second);
    case DatePart::minute:
      return moment.micros / (60 * micros_per_second) % 60;
    case DatePart::second:
    case DatePart::epoch:
    case DatePart::millisecond:
    case DatePart::microsecond:
      return moment.micros % (60 * micros_per_second) / unit_of(part);
    default:
      break;
  }
  const CivilDate date = civil_from_days(days);
  const int64_t year = moment.by_era() ? year_by_era(date.year) : date.year;
  switch (part) {
    case DatePart::millennium:
    case DatePart::century:
      // There is none numbered 0.
      return date.year > 0 ? (date.year - 1) / years_of(part) + 1 : date.year / years_of(part) - 1;
    case DatePart::decade:
      return year / 10;
    case DatePart::year:
      return year;
    case DatePart::quarter:
      return (date.month - 1) / 3 + 1;
    case DatePart::month:
      return date.month;
    case DatePart::day:
      return date.day;
    default:  // doy
      return days - days_from_civil(date.year, 1, 1) + 1;
  }
}

double epoch(const Moment& moment) {
  const int64_t seconds = moment.days * seconds_per_day;
  if (moment.type == Type::date) return static_cast<double>(seconds);
  if (moment.by_era()) {
    const auto millis = static_cast<double>(seconds * 1000 + moment.micros / 1000);
    return millis / 1000 + static_cast<double>(moment.micros % 1000) / 1e6;
  }
  // Unsigned, since the start of the earliest day is beyond the range.
  const uint64_t micros = uint64_t(seconds) * uint64_t(micros_per_second) + uint64_t(moment.micros);
  return static_cast<double>(static_cast<int64_t>(micros)) / 1e6;
}

bool date_trunc(DatePart part, const Moment& moment, int64_t& out) {
  const int64_t unit = unit_of(part);
  const int64_t day = unit == 0 ? first_day_of(part, moment) : moment.days;
  const int64_t micros = unit == 0 ? 0 : moment.micros - moment.micros % unit;
  return !__builtin_mul_overflow(day, micros_per_day, &out) &&
         !__builtin_add_overflow(out, micros, &out) && is_finite(out);
}

bool date_diff(DatePart part, const Moment& start, const Moment& end, int64_t& out) {
  const int64_t unit = unit_of(part);
  if (unit != 0) {
    auto units = [&](const Moment& moment, int64_t& count) {
      // DuckDB counts a date's milliseconds by way of its microseconds.
      if (int64_t micros; unit == 1000 && moment.type == Type::date &&
                          __builtin_mul_overflow(moment.days, micros_per_day, &micros)) {
        return false;
      }
      return !__builtin_mul_overflow(moment.days, micros_per_day / unit, &count) &&
             !__builtin_add_overflow(count, moment.micros / unit, &count);
    };
    int64_t from = 0, to = 0;
    return units(start, from) && units(end, to) && !__builtin_sub_overflow(to, from, &out);
  }
  const int64_t days = end.days - start.days;
  switch (part) {
    case DatePart::day:
    case DatePart::dow:
    case DatePart::isodow:
    case DatePart::doy:
      out = days;
      break;
    case DatePart::yearweek:
      out = start.by_era() ? (monday_of(end.days) - monday_of(start.days)) / 7 : days / 7;
      break;
    case DatePart::week:
      out = days / 7;  // whole weeks, not Mondays
      break;
    case DatePart::millennium:
    case DatePart::century:
    case DatePart::decade:
      if (start.by_era()) {
        out = (long_period_start(part, civil_from_days(end.days).year, true) -
               long_period_start(part, civil_from_days(start.days).year, true)) /
              years_of(part);
        break;
      }
      [[fallthrough]];
    default:
      out = period_of(part, end) - period_of(part, start);
  }
  return true;
}

}  // namespace gristmill::expr_internal
