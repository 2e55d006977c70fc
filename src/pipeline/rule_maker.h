// Rules of the project file made ready to be fitted to a table.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "clean/rule.h"
#include "pipeline/project.h"

namespace gristmill {

// Makes rules for a table: the expressions and reference tables they may ask for.
struct RuleMaker {
  std::function<Expr(const std::string& text, const Schema& schema)> bind_expression;
  std::function<std::unique_ptr<BatchReader>(const std::string& table)> open_table;
  std::function<std::unique_ptr<RepeatFinder>()> find_repeats = {};
  std::set<std::string> outside_classes = {};

  // Errors carry the rule's line.
  std::unique_ptr<RuleFit> make(const RuleSpec& spec, const Schema& schema) const;
};

}  // namespace gristmill
