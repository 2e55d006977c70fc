// JSON text, appended to a string that is reused: answers, and rows as JSON lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "frame/column.h"

namespace gristmill {

// In quotes, escaped as RFC 8259 asks; bytes that are not UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);
// The shortest digits that read back the same; not finite: null.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, int64_t value);
// Dates and times as ISO 8601 text.
void append_json_cell(std::string& out, const Column& column, int64_t row);

}  // namespace gristmill
