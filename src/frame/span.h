// Spans of time as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gristmill {

// "30d", "12h", "8w", "45m", "10s" in microseconds, > 0; nothing when it is not one.
std::optional<int64_t> read_span(const std::string& text);
// The same; Code::invalid, naming `what`.
int64_t parse_span(const std::string& text, const std::string& what);

}  // namespace gristmill
