// What the test rows say of the models: asked once, after the best is chosen.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "learn/metrics.h"
#include "pipeline/settle_answers.h"

namespace gristmill {

struct Evaluation {
  nlohmann::json test, test_interval;  // model → metric → score, or [low, high]; null: not defined
  // Of the best: class_report(), and "slices": worst_slices().
  nlohmann::json best;
  // The best beside the next by the metric on validate: {"other", "difference", "interval"} of
  // their scores on the test rows; null where there is none.
  nlohmann::json next;
  nlohmann::json drift;               // find_drift()
  std::vector<std::string> warnings;  // of scores that are too good to be believed
};

// `answering`: how the best answers; told what comes of it.
Evaluation evaluate_models(const PredictSpec& spec, const std::vector<Candidate>& candidates,
                           const Candidate& best, Answering& answering, const MetricKind& metric,
                           const Store& store);

}  // namespace gristmill
