// The rules of a table that other tables read: applied before SQL sees it. None may need fitting.
#pragma once

#include "pipeline/tables.h"

namespace gristmill {

struct CleanRequest {
  std::string name;
  std::vector<RuleSpec> rules;  // that change rows
  std::vector<std::string> key;
};

// Reads `before`, applies the rules in order, stores the outcome as a version.
// Code::invalid for a rule that needs fitting, or when no row is left.
Executor::Made clean_table(const CleanRequest& request, const TableHandle& before,
                           const RuleMaker& maker, Executor& executor);

// The columns that the rules leave of such a table: what clean_table finds wrong before it reads a
// row is found wrong here.
Schema bind_clean(const CleanRequest& request, const Schema& before, const RuleMaker& maker);

}  // namespace gristmill
