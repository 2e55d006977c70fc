// Numbers as text, read and written with DuckDB's forms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gristmill {

// False when the text is not one, or the number is out of range. Space around is skipped, `_` may
// stand between digits.
// "12", "+1_000", "1e3", "0x1F", "0b11"; fractions round half away from zero: "2.5" is 3.
bool read_int64(std::string_view text, int64_t& value);
// "1.5", ".5", "5.", "1e-3", "nan", "inf", "-Infinity"; too large is inf, too small is 0.
bool read_float64(std::string_view text, double& value);

// Shortest text that reads back as the same number: "1.0", "1e+16", "1e-05", "nan", "-inf".
std::string_view write_float64(double value, char (&buffer)[40]);
std::string float64_text(double value);

}  // namespace gristmill
