#include "pipeline/rule_maker.h"

namespace gristmill {

std::unique_ptr<RuleFit> RuleMaker::make(const RuleSpec& spec, const Schema& schema) const {
  const RuleContext context{schema, bind_expression, open_table, find_repeats, outside_classes};
  try {
    return Rules::instance().get(spec.kind, "rule").make(spec.params, context);
  } catch (const Error& error) {
    throw error.at(spec.where);
  }
}

}  // namespace gristmill
