#include "learn/split_boundary.h"

#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr int64_t second = 1'000'000;

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

}  // namespace

int64_t parse_span(const std::string& text, const std::string& what) {
  if (const auto span = read_span(text)) return *span;
  throw Error(Code::invalid, fmt::format("{}: \"{}\" is not a span of time", what, text), {},
              "write for example 7d, 12h or 8w");
}

Boundary Boundary::parse(const std::string& text, const std::string& what) {
  Boundary boundary;
  double share = 0;
  const bool percent = !text.empty() && text.back() == '%';
  if (parse_float64(percent ? text.substr(0, text.size() - 1) : text, share)) {
    if (percent) share /= 100;
    if (!(share > 0 && share < 1)) {
      throw Error(Code::invalid,
                  fmt::format("{}: a share must lie between 0 and 100 %, not {}", what, text));
    }
    boundary.share = share;
    return boundary;
  }
  if (const auto span = read_span(text)) {
    boundary.span = *span;
    return boundary;
  }
  int64_t instant = 0;
  if (parse_timestamp(text, instant)) {
    boundary.instant = instant;
    return boundary;
  }
  throw Error(
      Code::invalid,
      fmt::format("{}: \"{}\" is neither a date, nor a share, nor a span of time", what, text), {},
      "write for example 2013-08-01, 15% or 30d");
}

}  // namespace gristmill
