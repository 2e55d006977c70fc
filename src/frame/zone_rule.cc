#include "frame/zone_rule.h"

#include <algorithm>
#include <optional>

#include "frame/civil.h"

namespace gristmill {
namespace {

// A day of each year, and the second of it.
struct Moment {
  enum class Kind { month_week_day, julian, day_of_year } kind = Kind::month_week_day;
  int month = 0, week = 0, weekday = 0;  // weekday: 0 is Sunday; week 5: the last
  int day = 0;
  int64_t seconds = 2 * 3600;

  int64_t days_in(int64_t year) const {
    int64_t january = days_from_civil(year, 1, 1);
    if (kind == Kind::day_of_year) return january + day;
    // Julian days never count February 29.
    if (kind == Kind::julian) return january + day - 1 + (is_leap(year) && day >= 60);
    int64_t first = days_from_civil(year, month, 1);
    int first_weekday = (weekday_of(first) + 1) % 7;
    int64_t found = first + (weekday - first_weekday + 7) % 7 + 7 * (week - 1);
    int64_t next_month =
        month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
    return found >= next_month ? found - 7 : found;
  }
};

struct Rule {
  int32_t standard = 0;  // seconds east
  bool daylight = false;
  int32_t summer = 0;
  Moment begin, end;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Rule> rule() {
    Rule r;
    int64_t seconds = 0;
    if (!name() || !time(seconds, 24)) return {};
    r.standard = int32_t(-seconds);  // written as hours west
    if (text_.empty()) return r;
    r.daylight = true;
    r.summer = r.standard + 3600;
    if (!name()) return {};
    if (!text_.empty() && text_[0] != ',') {
      if (!time(seconds, 24)) return {};
      r.summer = int32_t(-seconds);
    }
    if (!moment(r.begin) || !moment(r.end) || !text_.empty()) return {};
    return r;
  }

 private:
  bool eat(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // The zone's abbreviation: letters, or anything in angle brackets.
  bool name() {
    size_t n = 0;
    if (!text_.empty() && text_[0] == '<') {
      n = text_.find('>');
      if (n == text_.npos) return false;
      text_.remove_prefix(n + 1);
      return true;
    }
    auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    while (n < text_.size() && letter(text_[n])) ++n;
    text_.remove_prefix(n);
    return n >= 3;
  }
  bool number(int& value, int least, int most) {
    size_t n = 0;
    value = 0;
    while (n < text_.size() && n < 4 && text_[n] >= '0' && text_[n] <= '9')
      value = value * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    return n > 0 && value >= least && value <= most;
  }
  // [+-]hh[:mm[:ss]]
  bool time(int64_t& seconds, int most_hours) {
    bool negative = eat('-');
    if (!negative) eat('+');
    int hours = 0, minutes = 0, rest = 0;
    if (!number(hours, 0, most_hours)) return false;
    if (eat(':')) {
      if (!number(minutes, 0, 59)) return false;
      if (eat(':') && !number(rest, 0, 59)) return false;
    }
    seconds = hours * 3600 + minutes * 60 + rest;
    if (negative) seconds = -seconds;
    return true;
  }
  bool moment(Moment& m) {
    if (!eat(',')) return false;
    if (eat('M')) {
      if (!number(m.month, 1, 12) || !eat('.') || !number(m.week, 1, 5) || !eat('.') ||
          !number(m.weekday, 0, 6))
        return false;
    } else if (eat('J')) {
      m.kind = Moment::Kind::julian;
      if (!number(m.day, 1, 365)) return false;
    } else {
      m.kind = Moment::Kind::day_of_year;
      if (!number(m.day, 0, 365)) return false;
    }
    return !eat('/') || time(m.seconds, 167);
  }

  std::string_view text_;
};

}  // namespace

bool expand_zone_rule(std::string_view text, int64_t from, int64_t last_year,
                      std::vector<int64_t>& at, std::vector<int32_t>& offsets) {
  std::optional<Rule> rule = Parser(text).rule();
  if (!rule) return false;
  if (!rule->daylight) {
    if (at.empty()) offsets.back() = rule->standard;
    return true;
  }
  constexpr int64_t first_year = 1900;
  int64_t year = first_year;
  if (from > days_from_civil(first_year, 1, 1) * seconds_per_day)
    year = civil_from_days(floor_divide(from, seconds_per_day)).year;
  std::vector<std::pair<int64_t, int32_t>> found;
  for (; year <= last_year; ++year) {
    int64_t begin = rule->begin.days_in(year) * seconds_per_day + rule->begin.seconds;
    int64_t end = rule->end.days_in(year) * seconds_per_day + rule->end.seconds;
    found.emplace_back(begin - rule->standard, rule->summer);
    found.emplace_back(end - rule->summer, rule->standard);
  }
  std::sort(found.begin(), found.end());
  for (const auto& [instant, offset] : found) {
    if (instant <= from || (!at.empty() && instant <= at.back())) continue;
    at.push_back(instant);
    offsets.push_back(offset);
  }
  return true;
}

}  // namespace gristmill
