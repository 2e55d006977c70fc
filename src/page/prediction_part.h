// What a run's page says of one prediction.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace gristmill {

// `prediction`: of the run's report. `facts`: model_facts() of its bundle, or {}.
std::string prediction_part(const std::string& name, const nlohmann::json& prediction,
                            const nlohmann::json& facts);

// A box of what the reader should know.
std::string warning_box(const std::string& text);

}  // namespace gristmill
