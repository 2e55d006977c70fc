#include "frame/span.h"

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"
#include "frame/civil.h"

namespace gristmill {

std::optional<int64_t> read_span(const std::string& text) {
  if (text.size() < 2) return std::nullopt;
  int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = micros_per_second;
      break;
    case 'm':
      unit = 60 * micros_per_second;
      break;
    case 'h':
      unit = 3600 * micros_per_second;
      break;
    case 'd':
      unit = micros_per_day;
      break;
    case 'w':
      unit = 7 * micros_per_day;
      break;
    default:
      return std::nullopt;
  }
  double count = 0;
  if (!parse_float64(text.substr(0, text.size() - 1), count) || !(count > 0) || count > 1e6)
    return std::nullopt;
  return int64_t(count * double(unit));
}

int64_t parse_span(const std::string& text, const std::string& what) {
  if (const auto span = read_span(text)) return *span;
  throw Error(Code::invalid, fmt::format("{}: \"{}\" is not a span of time", what, text), {},
              "write for example 7d, 12h or 8w");
}

}  // namespace gristmill
