// What is known of a model beyond its scores, for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace gristmill {

// Of `evaluation` in a bundle's card or a run's facts; "" where there is nothing to say.
std::string evaluation_text(const std::string& model, const std::string& metric,
                            const nlohmann::json& evaluation);

}  // namespace gristmill
