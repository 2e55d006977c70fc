#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "clean/number_form.h"
#include "clean/text_steps.h"
#include "clean/time_form.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

constexpr std::string_view fields = "YymbBdHIpMSfz";
constexpr std::array<std::string_view, 12> months = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

// A number of `least` … `most` digits at the front.
bool take_number(std::string_view& text, int least, int most, int64_t& value) {
  int digits = 0;
  for (value = 0; digits < most && !text.empty() && is_digit(text.front()); ++digits) {
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return digits >= least;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size() || !equal_ignoring_case(text.substr(0, word.size()), word))
    return false;
  text.remove_prefix(word.size());
  return true;
}

bool take_month(std::string_view& text, int64_t& month) {
  for (size_t length : {size_t(99), size_t(3)}) {
    for (size_t i = 0; i < months.size(); ++i) {
      if (!take_word(text, months[i].substr(0, length))) continue;
      month = int64_t(i) + 1;
      return true;
    }
  }
  return false;
}

bool take_offset(std::string_view& text, int64_t& seconds) {
  seconds = 0;
  if (take(text, "Z") || take(text, "z")) return true;
  const bool negative = take(text, "-");
  int64_t hours, minutes = 0;
  if ((!negative && !take(text, "+")) || !take_number(text, 2, 2, hours)) return false;
  if ((take(text, ":") || (!text.empty() && is_digit(text.front()))) &&
      !take_number(text, 2, 2, minutes))
    return false;
  if (hours > 23 || minutes > 59) return false;
  seconds = (hours * 60 + minutes) * 60;
  if (negative) seconds = -seconds;
  return true;
}

// A fraction of a second; digits past the microsecond are dropped.
bool take_fraction(std::string_view& text, int64_t& micros) {
  int64_t scale = micros_per_second / 10, digit;
  int digits = 0;
  for (micros = 0; take_number(text, 1, 1, digit); scale /= 10, ++digits) micros += digit * scale;
  return digits > 0;
}

struct Parsed {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0, offset = 0;
  int64_t twelve = -1, afternoon = 0;  // of a clock with %I and %p
};

bool take_field(std::string_view& text, char field, Parsed& out) {
  switch (field) {
    case 'Y':
      return take_number(text, 4, 4, out.year);
    case 'y':
      if (!take_number(text, 2, 2, out.year)) return false;
      out.year += out.year < 69 ? 2000 : 1900;  // as POSIX has it
      return true;
    case 'm':
      return take_number(text, 1, 2, out.month);
    case 'b':
    case 'B':
      return take_month(text, out.month);
    case 'd':
      return take_number(text, 1, 2, out.day);
    case 'H':
      return take_number(text, 1, 2, out.hour);
    case 'I':
      return take_number(text, 1, 2, out.twelve) && out.twelve >= 1 && out.twelve <= 12;
    case 'p':
      out.afternoon = take_word(text, "pm") ? 1 : 0;
      return out.afternoon || take_word(text, "am");
    case 'M':
      return take_number(text, 1, 2, out.minute);
    case 'S':
      return take_number(text, 1, 2, out.second);
    case 'f':
      return take_fraction(text, out.micros);
    default:
      return take_offset(text, out.offset);
  }
}

Error refuse(const std::string& format, const std::string& what, const std::string& hint = {}) {
  return Error(Code::invalid, fmt::format("the format \"{}\" {}", format, what), {}, hint);
}

// Each field at most once, and those that belong together.
void check_fields(const std::string& format, const std::string& found) {
  auto has = [&](std::string_view any) { return found.find_first_of(any) != std::string::npos; };
  auto twice = [&](std::string_view any) {
    return std::count_if(found.begin(), found.end(),
                         [&](char c) { return any.find(c) != std::string_view::npos; }) > 1;
  };
  for (std::string_view one : {"Yy", "mbB", "d", "HI", "p", "M", "S", "f", "z"}) {
    if (twice(one)) throw refuse(format, "says one thing twice");
  }
  if (!has("Yy") || !has("mbB") || !has("d"))
    throw refuse(format, "lacks a year, month or day", "for example %d.%m.%Y");
  if (has("I") != has("p")) throw refuse(format, "needs both %I and %p, or %H");
  if ((has("M") && !has("HI")) || (has("S") && !has("M")) || (has("f") && !has("S")) ||
      (has("z") && !has("HI")))
    throw refuse(format, "has a part of a time without the larger one");
}

}  // namespace

std::optional<int64_t> parse_offset(std::string_view text) {
  int64_t seconds = 0;
  if (text == "UTC") return 0;
  return take_offset(text, seconds) && text.empty() ? std::optional(seconds) : std::nullopt;
}

TimeFormat TimeFormat::parse(const std::string& format) {
  TimeFormat made;
  made.text_ = format;
  std::string found;
  const std::string_view text = trimmed_unicode(format);
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      c = ++i < text.size() ? text[i] : ' ';
      if (fields.find(c) != std::string_view::npos) {
        found += c;
        made.parts_.push_back({c, ""});
        continue;
      }
      if (c != '%')
        throw refuse(format, fmt::format("has an unknown field %{}", c),
                     "known are %Y %y %m %b %B %d %H %I %p %M %S %f %z %%");
    } else if (is_space(c)) {
      if (made.parts_.empty() || made.parts_.back().field != ' ') made.parts_.push_back({' ', ""});
      continue;
    }
    if (made.parts_.empty() || made.parts_.back().field != 0) made.parts_.push_back({0, ""});
    made.parts_.back().literal += c;
  }
  check_fields(format, found);
  made.has_clock_ = found.find_first_of("HI") != std::string::npos;
  made.has_offset_ = found.find('z') != std::string::npos;
  return made;
}

bool TimeFormat::read(std::string_view cell, Moment& moment) const {
  std::string_view text = trimmed_unicode(cell);
  Parsed parsed;
  for (const Part& part : parts_) {
    if (part.field == ' ') {
      if (leading_space(text) == 0) return false;
      skip_space(text);
    } else if (part.field == 0 ? !take(text, part.literal)
                               : !take_field(text, part.field, parsed)) {
      return false;
    }
  }
  if (parsed.twelve >= 0) parsed.hour = parsed.twelve % 12 + 12 * parsed.afternoon;
  if (!text.empty() || parsed.month < 1 || parsed.month > 12 || parsed.day < 1 ||
      parsed.day > days_in_month(parsed.year, int(parsed.month)) || parsed.hour > 23 ||
      parsed.minute > 59 || parsed.second > 59)
    return false;
  moment.days = days_from_civil(parsed.year, int(parsed.month), int(parsed.day));
  moment.micros =
      ((parsed.hour * 60 + parsed.minute) * 60 + parsed.second) * micros_per_second + parsed.micros;
  moment.offset = parsed.offset;
  return true;
}

std::string TimeFormat::sample() const {
  static const std::map<char, std::string_view> written = {
      {'Y', "2003"}, {'y', "03"}, {'m', "04"},  {'b', "Apr"}, {'B', "April"},
      {'d', "05"},   {'H', "08"}, {'I', "08"},  {'p', "am"},  {'M', "09"},
      {'S', "10"},   {'f', "5"},  {'z', "+00"}, {' ', " "}};
  std::string out;
  for (const Part& part : parts_) out += part.field == 0 ? part.literal : written.at(part.field);
  return out;
}

}  // namespace gristmill
