// Where a part of the rows begins, as `split:` says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gristmill {

// Exactly one is set.
struct Boundary {
  std::optional<double> share;     // of all rows, in (0, 1)
  std::optional<int64_t> instant;  // microseconds since 1970-01-01
  std::optional<int64_t> span;     // microseconds, > 0

  // "15%", "0.15", "2013-08-01", "2013-08-01 12:00", "30d". Code::invalid, naming `what`.
  static Boundary parse(const std::string& text, const std::string& what);
};

}  // namespace gristmill
