#include "frame/span.h"

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr int64_t second = 1'000'000;

}  // namespace

std::optional<int64_t> read_span(const std::string& text) {
  if (text.size() < 2) return std::nullopt;
  int64_t unit = 0;
  switch (text.back()) {
    case 's':
      unit = second;
      break;
    case 'm':
      unit = 60 * second;
      break;
    case 'h':
      unit = 3600 * second;
      break;
    case 'd':
      unit = 86400 * second;
      break;
    case 'w':
      unit = 7 * 86400 * second;
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
