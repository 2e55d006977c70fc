#include "feature/holidays.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

constexpr const char* form_hint = "a date is written as 2013-07-04";

void check_count(size_t count) {
  if (count == 0)
    throw Error(Code::invalid, "encoder datetime: `holidays` names no day", {}, form_hint);
  if (count > Holidays::most)
    throw Error(Code::invalid,
                fmt::format("encoder datetime: `holidays` has more than {} days", Holidays::most));
}

// What the first column of a line holds, without quotes and the space around.
std::string_view first_cell(std::string_view line) {
  std::string_view cell = trimmed(line.substr(0, line.find_first_of(",;\t")));
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"')
    cell = trimmed(cell.substr(1, cell.size() - 2));
  return cell;
}

bool is_header(std::string_view cell) {
  return !cell.empty() && (isalpha(static_cast<unsigned char>(cell[0])) || cell[0] == '_');
}

}  // namespace

Holidays::Holidays(std::vector<int32_t> days) : days_(std::move(days)) {
  std::sort(days_.begin(), days_.end());
}

int64_t Holidays::days_to_next(int64_t day) const {
  const auto next = std::lower_bound(days_.begin(), days_.end(), day);
  return next == days_.end() ? most_days : std::min(int64_t(*next) - day, most_days);
}

int64_t Holidays::days_since_last(int64_t day) const {
  const auto after = std::upper_bound(days_.begin(), days_.end(), day);
  return after == days_.begin() ? most_days : std::min(day - int64_t(*(after - 1)), most_days);
}

void Holidays::save(State& state) const { state.put<int32_t>("holidays", days_); }

Holidays Holidays::load(const State& state) {
  const auto days = state.get<int32_t>("holidays");
  if (days.empty() || days.size() > most)
    throw Error(Code::corrupt, "an encoder `datetime` with too many holidays, or none");
  return Holidays({days.begin(), days.end()});
}

Holidays parse_holidays(const nlohmann::json& dates) {
  std::vector<int32_t> days;
  for (const nlohmann::json& date : dates) {
    int32_t day;
    if (!date.is_string() || !parse_date(date.get_ref<const std::string&>(), day))
      throw Error(Code::invalid,
                  fmt::format("encoder datetime: `holidays` has {}, which is no date", date.dump()),
                  {}, form_hint);
    days.push_back(day);
  }
  check_count(days.size());
  return Holidays(std::move(days));
}

nlohmann::json read_holidays(const fs::path& dir, const std::string& file) {
  const std::string bytes = disk().read(dir / file);
  std::string_view rest = bytes;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
  std::set<int32_t> days;
  for (int line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = trimmed(rest.substr(0, end)), cell = first_cell(text);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    int32_t day;
    if (parse_date(cell, day)) {
      days.insert(day);
    } else if (!text.empty() && !(line == 1 && is_header(cell))) {
      throw Error(Code::invalid, fmt::format("{} is no date", excerpt(cell)),
                  {.file = file, .line = line},
                  fmt::format("a row of holidays begins with its date; {}", form_hint));
    }
  }
  told_at({.file = file}, [&] { check_count(days.size()); });
  nlohmann::json dates = nlohmann::json::array();
  for (int32_t day : days) {
    std::string date;
    append_date(day, date);
    dates.push_back(std::move(date));
  }
  return dates;
}

}  // namespace gristmill
