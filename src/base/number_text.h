// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace gristmill {

// 1234567 → "1,234,567".
std::string grouped(int64_t number);

}  // namespace gristmill
