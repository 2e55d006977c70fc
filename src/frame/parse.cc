// Text → value, as declared in cell.h.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/civil.h"

namespace gristmill {

namespace {

// from_chars knows no plus sign; "+-5" is no number.
bool drop_plus(std::string_view& text) {
  if (text.empty() || text.front() != '+') return true;
  text.remove_prefix(1);
  return !text.empty() && text.front() != '-' && text.front() != '+';
}

// The common case, without a look at overflow: a minus sign and at most 18 digits.
bool quick_int64(std::string_view text, int64_t& value) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return false;
  int64_t whole = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    whole = whole * 10 + (c - '0');
  }
  value = negative ? -whole : whole;
  return true;
}

// Digits with a point among them: both the digits as a whole number below 2^53 and the power of ten
// are exact, so their quotient is rounded once (Clinger, How to Read Floating Point Numbers
// Accurately, 1990).
bool quick_float64(std::string_view text, double& value) {
  static constexpr double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return false;
  int64_t whole = 0;
  size_t digits = 0, point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      whole = whole * 10 + (text[i] - '0');
      ++digits;
    } else if (text[i] == '.' && point == text.size()) {
      point = i;
    } else {
      return false;
    }
  }
  if (digits == 0 || digits > 15) return false;
  value = double(whole) / powers[point == text.size() ? 0 : text.size() - point - 1];
  if (negative) value = -value;
  return true;
}

// Reads from the front of a text.
struct Cursor {
  std::string_view rest;

  bool done() const { return rest.empty(); }
  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool at_digit() const { return !rest.empty() && is_digit(rest.front()); }
  // A number of `least` … `most` digits.
  bool number(int least, int most, int64_t& value) {
    int digits = 0;
    for (value = 0; digits < most && at_digit(); ++digits) {
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    return digits >= least;
  }
};

bool take_date(Cursor& in, int64_t& days) {
  bool negative = in.take('-');
  int64_t year, month, day;
  if (!in.number(4, 7, year) || !in.take('-') || !in.number(1, 2, month) || !in.take('-') ||
      !in.number(1, 2, day))
    return false;
  if (negative) year = -year;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, int(month))) return false;
  days = days_from_civil(year, int(month), int(day));
  return true;
}

// HH:MM[:SS[.f…]]; digits past the microsecond are dropped, as the table engine drops them.
bool take_time(Cursor& in, int64_t& micros) {
  int64_t hour, minute, second = 0, fraction = 0;
  if (!in.number(1, 2, hour) || !in.take(':') || !in.number(2, 2, minute)) return false;
  if (in.take(':')) {
    if (!in.number(2, 2, second)) return false;
    if (in.take('.')) {
      if (!in.at_digit()) return false;
      for (int64_t scale = micros_per_second / 10; in.at_digit(); scale /= 10) {
        int64_t digit;
        in.number(1, 1, digit);
        fraction += digit * scale;
      }
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros = ((hour * 60 + minute) * 60 + second) * micros_per_second + fraction;
  return true;
}

// Z, ±HH, ±HHMM or ±HH:MM; nothing is 0.
bool take_offset(Cursor& in, int64_t& micros, bool& had) {
  micros = 0;
  had = false;
  if (in.done()) return true;
  had = true;
  if (in.take('Z') || in.take('z')) return true;
  bool negative = in.take('-');
  int64_t hours, minutes = 0;
  if ((!negative && !in.take('+')) || !in.number(2, 2, hours)) return false;
  if ((in.take(':') || in.at_digit()) && !in.number(2, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  micros = (hours * 60 + minutes) * 60 * micros_per_second;
  if (negative) micros = -micros;
  return true;
}

}  // namespace

// The table engine takes " 5" for a number; so does whatever reads its files again.
bool parse_int64(std::string_view text, int64_t& value) {
  if (quick_int64(text, value)) return true;
  text = trimmed(text);
  if (!drop_plus(text)) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_float64(std::string_view text, double& value) {
  if (quick_float64(text, value)) return true;
  text = trimmed(text);
  if (!drop_plus(text)) return false;
  double parsed;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    // Too small is 0 or a denormal, too large is no number; from_chars does not tell them apart.
    parsed = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(parsed)) return false;
  } else if (error != std::errc() || (std::isnan(parsed) && text.back() == ')')) {
    return false;
  }
  value = parsed;
  return true;
}

bool read_boolean(std::string_view word, bool& value) {
  auto among = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view known) { return equal_ignoring_case(word, known); });
  };
  value = among({"true", "t", "yes", "y", "1"});
  return value || among({"false", "f", "no", "n", "0"});
}

bool parse_boolean(std::string_view text, bool& value) {
  return read_boolean(trimmed(text), value);
}

bool parse_date(std::string_view text, int32_t& days) {
  Cursor in{trimmed(text)};
  int64_t parsed;
  if (!take_date(in, parsed) || !in.done()) return false;
  if (parsed < std::numeric_limits<int32_t>::min() || parsed > std::numeric_limits<int32_t>::max())
    return false;
  days = int32_t(parsed);
  return true;
}

bool parse_timestamp(std::string_view text, int64_t& micros, bool* had_offset) {
  Cursor in{trimmed(text)};
  int64_t days, time = 0, offset = 0, parsed;
  bool had = false;
  if (!take_date(in, days)) return false;
  if (!in.done()) {
    if (!in.take('T') && !in.take('t') && !in.take(' ')) return false;
    if (!take_time(in, time) || !take_offset(in, offset, had) || !in.done()) return false;
  }
  time -= offset;
  // Days before 1970 are counted one up, so that the earliest instants do not overflow on the way.
  if (days < 0) {
    ++days;
    time -= micros_per_day;
  }
  if (__builtin_mul_overflow(days, micros_per_day, &parsed) ||
      __builtin_add_overflow(parsed, time, &parsed))
    return false;
  micros = parsed;
  if (had_offset != nullptr) *had_offset = had;
  return true;
}

bool append_parsed(ColumnBuffer& out, std::string_view text) {
  switch (out.type()) {
    case Type::boolean: {
      bool value;
      if (!parse_boolean(text, value)) return false;
      out.append(value);
      return true;
    }
    case Type::int64: {
      int64_t value;
      if (!parse_int64(text, value)) return false;
      out.append(value);
      return true;
    }
    case Type::float64: {
      double value;
      if (!parse_float64(text, value)) return false;
      out.append(value);
      return true;
    }
    case Type::date: {
      int32_t value;
      if (!parse_date(text, value)) return false;
      out.append_days(value);
      return true;
    }
    case Type::timestamp:
    case Type::timestamptz: {
      int64_t value;
      if (!parse_timestamp(text, value)) return false;
      out.append(value);
      return true;
    }
    case Type::string:
      out.append(text);
      return true;
  }
  return false;
}

}  // namespace gristmill
