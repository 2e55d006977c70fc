// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace gristmill {

// 1234567 → "1,234,567".
std::string grouped(int64_t number);
// At most four digits after the point; "–" for NaN.
std::string score_text(double value);
std::string percent_text(double share);  // 0.235 → "23.5 %"; "–" for NaN

}  // namespace gristmill
