#include "pipeline/rule_maker.h"

namespace gristmill {

std::unique_ptr<RuleFit> RuleMaker::make(const RuleSpec& spec, const Schema& schema) const {
  const RuleContext context{schema, bind_expression, open_table, find_repeats, outside_classes};
  return told_at(spec.where, [&] {
    return Rules::instance().get(spec.kind, "rule").make(spec.params, context);
  });
}

}  // namespace gristmill
