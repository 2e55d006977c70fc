#include "pipeline/bind_prediction.h"

#include "pipeline/feature_choices.h"
#include "pipeline/label.h"

namespace gristmill {

void bind_prediction(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                     const Schema& table, const RuleMaker& maker, const Wants& wants) {
  const LabelStage labels(spec, rules, table, maker);
  const Schema& columns = labels.rules().output();
  if (!labels.later_rules().empty()) return;
  std::vector<FeaturizerFit::LeftOut> left_out;
  start_features(spec, columns,
                 feature_choices(spec, columns, labels.forbidden(labels.rules()), left_out), wants);
}

}  // namespace gristmill
