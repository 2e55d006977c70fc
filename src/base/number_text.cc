#include "base/number_text.h"

#include <cmath>

#include <fmt/format.h>

namespace gristmill {

std::string grouped(int64_t number) {
  const std::string digits = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string score_text(double value) {
  if (std::isnan(value)) return "–";
  if (value != 0 && std::abs(value) < 1e-3) return fmt::format("{:.3g}", value);
  return std::abs(value) >= 1000 ? fmt::format("{:.1f}", value) : fmt::format("{:.4f}", value);
}

std::string percent_text(double share) {
  return std::isnan(share) ? "–" : fmt::format("{:.1f} %", 100 * share);
}

}  // namespace gristmill
