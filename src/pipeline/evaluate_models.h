// What the test rows say of the models: asked once, after the best is chosen. With folds, the test
// rows of one are validate rows of another: which model is best is then seen from all rows, and
// only fold_facts()' "nested" knows of a choice without them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/fold_scores.h"
#include "pipeline/settle_answers.h"

namespace gristmill {

struct Evaluation {
  // model → metric → score, or [low, high]; null: not defined. Means over the splits.
  nlohmann::json test, test_interval;
  // Of the best: class_report(), and "slices": worst_slices(). With folds "folds": fold_facts().
  nlohmann::json best;
  // The best beside the next by the metric on validate: {"other", "difference", "interval"} of
  // their scores on the test rows; null where there is none.
  nlohmann::json next;
  nlohmann::json drift;               // find_drift()
  std::vector<std::string> warnings;  // of scores that are too good to be believed
};

// `best`: its number among the models; all that is said of it alone is of the first split.
// `answering`: how it answers there; told what comes of it.
Evaluation evaluate_models(const PredictSpec& spec, const SplitCandidates& splits, size_t best,
                           Answering& answering, const MetricKind& metric, const Store& store);

}  // namespace gristmill
