// Dates and times as text, read and written with DuckDB's forms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gristmill::expr_internal {

// "2013-01-31", "2013/1/31", "0044-03-15 (BC)", "infinity", "epoch"; what follows the day is not
// looked at, as in DuckDB. False when the text is none or out of range.
bool read_date(std::string_view text, int32_t& days);
// The same and, but for a date alone, a time: "2013-01-31 09:30", "2013-01-31T09:30:00.123Z",
// "… +02:00". An offset counts only when `zoned`; of names of zones only those of UTC are known.
bool read_timestamp(std::string_view text, bool zoned, int64_t& micros);

// "2013-01-31", "0044-03-15 (BC)", "infinity".
void append_date_text(int32_t days, std::string& out);
// "2013-01-31 09:30:00.5", when `zoned` with "+00". False for the part of a day before the first
// day of TIMESTAMP.
bool append_timestamp_text(int64_t micros, bool zoned, std::string& out);

}  // namespace gristmill::expr_internal
