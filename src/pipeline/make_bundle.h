// The best model with what it needs, narrowed to what a request must carry.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "learn/metrics.h"
#include "pipeline/evaluate_models.h"
#include "pipeline/fit_dataset.h"
#include "store/store.h"

namespace gristmill {

// Rules, featurizer and signature of a data set, as kept beside it.
State fitted_state(const FitResult& result);

struct MadeBundle {
  std::string best;
  nlohmann::json answers;  // how the best one answers: Answering::facts
  Evaluation evaluation;
  std::string bytes;
};

// Chooses by `metric` on validate, settles there how the best answers, then scores each candidate
// on test, once, and packs the best.
MadeBundle make_bundle(const PredictSpec& spec, const std::vector<Candidate>& candidates,
                       const MetricKind& metric, const std::vector<std::string>& null_texts,
                       const Store& store);

}  // namespace gristmill
