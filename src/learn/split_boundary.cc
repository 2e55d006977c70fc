#include "learn/split_boundary.h"

#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"
#include "frame/span.h"

namespace gristmill {

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
