// The best model with what it needs, narrowed to what a request must carry.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "learn/metrics.h"
#include "pipeline/evaluate_models.h"
#include "store/store.h"

namespace gristmill {

struct MadeBundle {
  nlohmann::json answers;  // how the best answers: Answering::facts
  Evaluation evaluation;
  // Of the model that learned again on all rows: {"rows", "params", "dataset", "model"}; or null.
  nlohmann::json refit;
  std::string bytes;
};

// Settles on validate how the best of the models answers, then scores each of them on test, once,
// and packs the best: `refit` where that is not null, the same learned again on all rows.
MadeBundle make_bundle(const PredictSpec& spec, const SplitCandidates& splits, size_t best,
                       const Candidate* refit, const MetricKind& metric,
                       const std::vector<std::string>& null_texts, const Store& store);

}  // namespace gristmill
