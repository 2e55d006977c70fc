#include "pipeline/bind_prediction.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "pipeline/feature_choices.h"
#include "pipeline/label.h"

namespace gristmill {
namespace {

void check_monotone_column(const std::string& column, const std::vector<std::string>& columns,
                           const Where& where) {
  if (std::find(columns.begin(), columns.end(), column) == columns.end())
    throw Error(Code::invalid,
                fmt::format("`monotone` names {}, and there is no such column", column), where,
                did_you_mean(column, columns));
}

}  // namespace

void bind_prediction(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                     const Schema& table, const RuleMaker& maker, const Wants& wants) {
  const LabelStage labels(spec, rules, table, maker);
  const Schema& columns = labels.rules().output();
  if (!labels.later_rules().empty()) return;
  for (const ModelSpec& model : spec.models) {
    if (!model.params.contains("monotone")) continue;
    for (const auto& [column, direction] : model.params.at("monotone").items())
      check_monotone_column(column, columns.names(), model.where);
  }
  std::vector<FeaturizerFit::LeftOut> left_out;
  start_features(spec, columns,
                 feature_choices(spec, columns, labels.forbidden(labels.rules()), left_out), wants);
}

}  // namespace gristmill
