#include "expr/time_text.h"

#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "expr/date_part.h"
#include "frame/civil.h"

namespace gristmill::expr_internal {
namespace {

// What is left of a text to read.
struct Rest {
  std::string_view text;

  bool empty() const { return text.empty(); }
  char front() const { return text.empty() ? '\0' : text.front(); }
  bool digit() const { return !text.empty() && is_digit(text.front()); }
  char take() {
    const char c = text.front();
    text.remove_prefix(1);
    return c;
  }
  bool skip(char c) {
    if (front() != c || text.empty()) return false;
    text.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  }
  // One digit or two.
  bool number(int& value) {
    if (!digit()) return false;
    value = take() - '0';
    if (digit()) value = value * 10 + (take() - '0');
    return true;
  }
  bool two_digits(int& value) {
    if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return false;
    value = (text[0] - '0') * 10 + (text[1] - '0');
    text.remove_prefix(2);
    return true;
  }
};

// "infinity", "inf" at the very end, "epoch".
bool read_special(Rest rest, bool negative, int32_t& days) {
  auto starts = [&](std::string_view word) {
    return equal_ignoring_case(rest.text.substr(0, word.size()), word);
  };
  if (starts("infinity")) {
    rest.text.remove_prefix(8);
  } else if (equal_ignoring_case(rest.text, "inf")) {
    rest.text = {};
  } else if (starts("epoch")) {
    rest.text.remove_prefix(5);
    rest.skip_spaces();
    days = 0;
    return rest.empty();
  } else {
    return false;
  }
  rest.skip_spaces();
  days = negative ? -last_date : last_date;
  return rest.empty();
}

bool valid_day(int64_t year, int month, int day, int32_t& days) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  const int64_t count = days_from_civil(year, month, day);
  if (count >= last_date || count <= -int64_t(last_date)) return false;
  days = static_cast<int32_t>(count);
  return true;
}

bool read_day(Rest& rest, int32_t& days) {
  rest.skip_spaces();
  const bool negative = rest.skip('-');
  if (rest.empty()) return false;
  if (!rest.digit()) {
    if (!read_special(rest, negative, days)) return false;
    rest.text = {};
    return true;
  }
  int64_t year = 0;
  while (rest.digit()) {
    if (year >= 100'000'000) return false;
    year = year * 10 + (rest.take() - '0');
  }
  if (negative) year = -year;
  if (rest.empty()) return false;
  const char separator = rest.take();
  int month = 0, day = 0;
  if (separator != ' ' && separator != '-' && separator != '/' && separator != '\\') return false;
  if (!rest.number(month) || !rest.skip(separator) || !rest.number(day)) return false;
  if (rest.text.size() >= 5 && is_space(rest.text[0]) &&
      equal_ignoring_case(rest.text.substr(1, 4), "(bc)")) {
    if (negative || year == 0) return false;
    year = 1 - year;
    rest.text.remove_prefix(5);
  }
  return !rest.digit() && valid_day(year, month, day, days);
}

// "9:30", "09:30:15.25"; up to 24:00:00. A field that is due may be missing at the text's end.
bool read_time(Rest& rest, int64_t& micros) {
  rest.skip_spaces();
  int64_t hours = 0;
  int digits = 0, minutes = 0, seconds = 0;
  for (; rest.digit(); ++digits) {
    if (digits == 9) return false;
    hours = hours * 10 + (rest.take() - '0');
  }
  if (digits == 0 || !rest.skip(':')) return false;
  if (!rest.empty() && (!rest.number(minutes) || minutes >= 60)) return false;
  if (!rest.empty()) {
    if (!rest.skip(':')) return false;
    if (!rest.empty() && (!rest.number(seconds) || seconds >= 60)) return false;
  }
  int64_t fraction = 0;
  if (rest.skip('.')) {
    for (int64_t unit = 100'000; rest.digit(); unit /= 10) fraction += (rest.take() - '0') * unit;
  }
  micros = ((hours * 60 + minutes) * 60 + seconds) * micros_per_second + fraction;
  return micros <= micros_per_day;
}

// "+02", "-0530", "+05:30:15"; what cannot be read of it is left.
bool read_offset(Rest& rest, int64_t& micros) {
  const char sign = rest.front();
  Rest next = rest;
  int hours = 0, minutes = 0, seconds = 0;
  if (sign != '+' && sign != '-') return false;
  next.take();
  if (!next.two_digits(hours)) return false;
  rest = next;
  const bool colons = next.skip(':');
  // A colon that no number follows is left over, and so an error, but for the text's end.
  if (next.two_digits(minutes)) {
    rest = next;
    if (colons && next.skip(':') && next.two_digits(seconds)) {
      rest = next;
    } else if (colons && rest.front() == ':') {
      rest.take();
    }
  } else if (colons) {
    rest.take();
  }
  micros = ((int64_t(hours) * 60 + minutes) * 60 + seconds) * micros_per_second;
  if (sign == '-') micros = -micros;
  return true;
}

bool is_zone_character(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '/' || c == '+' ||
         c == '-' || c == ':';
}

// Without ICU, DuckDB knows UTC alone; ICU's other names of it count with a time zone only.
bool is_utc(std::string_view name, bool zoned) {
  if (name.empty() || equal_ignoring_case(name, "utc")) return true;
  for (std::string_view other : {"gmt", "etc/utc", "etc/gmt", "zulu", "etc/zulu"}) {
    if (zoned && equal_ignoring_case(name, other)) return true;
  }
  return false;
}

// What follows the time.
bool read_zone(Rest& rest, bool zoned, int64_t& micros) {
  int64_t offset = 0;
  if (rest.skip('Z')) {
  } else if (read_offset(rest, offset)) {
    if (zoned && __builtin_sub_overflow(micros, offset, &micros)) return false;
  } else {
    if (!rest.skip(' ')) return false;
    size_t size = 0;
    while (size < rest.text.size() && is_zone_character(rest.text[size])) ++size;
    if (!is_utc(rest.text.substr(0, size), zoned)) return false;
    rest.text.remove_prefix(size);
  }
  rest.skip_spaces();
  return rest.empty();
}

}  // namespace

bool read_date(std::string_view text, int32_t& days) {
  Rest rest{text};
  return read_day(rest, days);
}

bool read_timestamp(std::string_view text, bool zoned, int64_t& micros) {
  Rest rest{text};
  int32_t days = 0;
  if (!read_day(rest, days)) return false;
  if (!is_finite(days)) {
    micros = days > 0 ? last_time : -last_time;
    return true;
  }
  int64_t of_day = 0;
  if (!rest.empty()) {
    if (!rest.skip(' ')) rest.skip('T');
    if (!read_time(rest, of_day)) return false;
  }
  return !__builtin_mul_overflow(int64_t(days), micros_per_day, &micros) &&
         !__builtin_add_overflow(micros, of_day, &micros) && is_finite(micros) &&
         (rest.empty() || read_zone(rest, zoned, micros));
}

void append_date_text(int32_t days, std::string& out) {
  if (!is_finite(days)) {
    out += days > 0 ? "infinity" : "-infinity";
    return;
  }
  const CivilDate date = civil_from_days(days);
  const bool before = date.year <= 0;
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}{}", before ? 1 - date.year : date.year,
                 date.month, date.day, before ? " (BC)" : "");
}

bool append_timestamp_text(int64_t micros, bool zoned, std::string& out) {
  if (!is_finite(micros)) {
    out += micros > 0 ? "infinity" : "-infinity";
    return true;
  }
  const Moment moment = Moment::of(micros, Type::timestamp);
  if (int64_t start; __builtin_mul_overflow(moment.days, micros_per_day, &start)) return false;
  append_date_text(static_cast<int32_t>(moment.days), out);
  const int64_t seconds = moment.micros / micros_per_second;
  fmt::format_to(std::back_inserter(out), " {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (const int64_t fraction = moment.micros % micros_per_second; fraction != 0) {
    fmt::format_to(std::back_inserter(out), ".{:06}", fraction);
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (zoned) out += "+00";
  return true;
}

}  // namespace gristmill::expr_internal
