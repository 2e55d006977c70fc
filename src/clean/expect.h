// Rule `expect`: what must be true of a table. It changes no row, so it is no RuleFit: `pipeline`
// runs its checks over the table as the other rules leave it.
#pragma once

#include "clean/check.h"

namespace gristmill {

// One entry of `expect`.
struct Expectation {
  bool warns = false;  // untrue, it is told and the run goes on
  CheckList checks;
};

// Code::invalid, Code::not_found for what does not fit the table.
Expectation read_expectation(const nlohmann::json& given, const CheckContext& context);

}  // namespace gristmill
