#include "feature/calendar_part.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace gristmill {
namespace {

// Spans are those of the finest data that could fill the cycle: a year of dates spans 364 days.
constexpr PartInfo parts[part_count] = {
    {"year", 0, 0, 730, false, 1},
    {"month", 1, 12, 334, false, 1},
    {"week", 1, 53, 357, false, 1},
    {"day", 1, 31, 30, false, 1},
    {"day_of_year", 1, 366, 364, false, 1},
    {"weekday", 0, 7, 6, false, 1},
    {"hour", 0, 1440, 23.0 / 24, true, 60},
    {"minute", 0, 60, 59.0 / 1440, true, 1},
    {"holiday", 0, 0, 0, false, 1},
    {"days_to_holiday", 0, 0, 0, false, 1},
    {"days_since_holiday", 0, 0, 0, false, 1},
    {"elapsed", 0, 0, 0, false, 1},
    {"before", 0, 0, 0, false, 1},
};

Circle make_circle(const PartInfo& info) {
  Circle circle;
  for (int i = 0; i < info.period; ++i) {
    double angle = 2 * std::numbers::pi * i / info.period;
    circle.sine.push_back(float(std::sin(angle)));
    circle.cosine.push_back(float(std::cos(angle)));
  }
  return circle;
}

}  // namespace

const PartInfo& info_of(Part part) { return parts[size_t(part)]; }

const std::vector<std::string>& part_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (size_t i = 0; i < part_count; ++i)
      if (!needs_holidays(Part(i))) all.emplace_back(parts[i].name);
    return all;
  }();
  return names;
}

Part parse_part(std::string_view name) {
  for (size_t i = 0; i < part_count; ++i)
    if (parts[i].name == name) return Part(i);
  throw Error(Code::corrupt, "there is no part of a date named \"" + std::string(name) + "\"");
}

const Circle& circle_of(Part part) {
  static const std::array<Circle, part_count> circles = [] {
    std::array<Circle, part_count> all;
    for (size_t i = 0; i < part_count; ++i) all[i] = make_circle(parts[i]);
    return all;
  }();
  return circles[size_t(part)];
}

}  // namespace gristmill
