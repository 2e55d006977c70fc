// How `impute` is written in a project.
#pragma once

#include <memory>

#include "clean/rule.h"

namespace gristmill {

// Whether it sees training rows: all but constants do.
bool is_learned_impute(const nlohmann::json& given);
std::unique_ptr<RuleFit> make_impute(const nlohmann::json& given, const RuleContext& context);

}  // namespace gristmill
