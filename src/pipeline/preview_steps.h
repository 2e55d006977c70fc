// The rules of a table, ready to run one by one as training runs them.
#pragma once

#include <string>
#include <vector>

#include "pipeline/rule_steps.h"
#include "pipeline/tables.h"

namespace gristmill {

// A table's rows, in its order.
std::unique_ptr<BatchReader> open_table(const TableHandle& table, Workspace& workspace);

struct RuleSteps {
  std::vector<RuleStep> steps;
  std::string fitted_on;  // the prediction whose training rows were seen, if any had to be
};

// Rules of `rules` (no checks) up to the last whose number is in `wanted`. A list of conditions of
// `drop` comes as a rule for each. Over `before`, the table as it is before its rules.
RuleSteps make_rule_steps(const Project& project, const std::string& table,
                          const std::vector<int>& wanted, const TableHandle& before, Tables& tables,
                          Executor& executor);

}  // namespace gristmill
