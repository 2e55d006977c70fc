// Values of a run's report, as people are shown them.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

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

// "linear in 3, tree in 2": which model was chosen in how many of the folds.
inline std::string chosen_text(const nlohmann::json& folds) {
  std::map<std::string, int> times;
  for (const nlohmann::json& name : folds.at("chosen")) {
    if (!name.is_null()) ++times[name.get<std::string>()];
  }
  std::vector<std::string> parts;
  for (const auto& [name, count] : times) parts.push_back(fmt::format("{} in {}", name, count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

inline std::string figure(const std::string& caption, const std::string& plot) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>", escaped(caption), plot);
}

}  // namespace gristmill
