// What a run would find wrong with a prediction before it reads a row: names and types.
#pragma once

#include "feature/encoder.h"
#include "pipeline/rule_maker.h"

namespace gristmill {

// Binds the rules of `spec.from`, target, weight, key, time and split over `table`; and what names
// features, unless rules that must be fitted may still add columns. Throws as fit_dataset does.
void bind_prediction(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                     const Schema& table, const RuleMaker& maker, const Wants& wants);

}  // namespace gristmill
