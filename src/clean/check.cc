#include "clean/check.h"

#include <fmt/format.h>

namespace gristmill {

std::string counted(int64_t count, const std::string& what) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return fmt::format("{} {}{}", text, what, count == 1 ? "" : "s");
}

}  // namespace gristmill
