// Values of a run's report, as its page shows them.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/number_text.h"
#include "page/html.h"

namespace gristmill {

// NaN for null.
inline double number_of(const nlohmann::json& value) {
  return value.is_number() ? value.get<double>() : NAN;
}

// [low, high] or null.
inline std::pair<double, double> interval_of(const nlohmann::json& value) {
  if (!value.is_array()) return {NAN, NAN};
  return {number_of(value.at(0)), number_of(value.at(1))};
}

inline std::string interval_text(const nlohmann::json& value) {
  const auto [low, high] = interval_of(value);
  return std::isnan(low) ? "" : fmt::format("{} … {}", score_text(low), score_text(high));
}

inline std::string figure(const std::string& caption, const std::string& plot) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>", escaped(caption), plot);
}

}  // namespace gristmill
