// What a run's page says of the models of a prediction beside each other.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace gristmill {

// `prediction`: of the run's report.
std::string models_part(const nlohmann::json& prediction);
// `facts`: model_facts() of its bundle, or {}.
std::string curve_part(const nlohmann::json& facts, const std::string& metric);

}  // namespace gristmill
