// The best model with what it needs, narrowed to what a request must carry.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "learn/metrics.h"
#include "pipeline/fit_dataset.h"
#include "store/store.h"

namespace gristmill {

// Rules, featurizer and signature of a data set, as kept beside it.
State fitted_state(const FitResult& result);

struct Candidate {
  std::string name;
  std::optional<Digest> dataset;  // manifest
  std::optional<Digest> model;    // blob
  std::map<std::string, double> validate;
  double seconds = 0;
};

struct MadeBundle {
  std::string best;
  nlohmann::json test, test_interval;  // model → metric → score, or [low, high]; null: not defined
  nlohmann::json evaluation = nlohmann::json::object();  // class_report() of the best
  std::string bytes;
};

// Chooses by `metric` on validate, then scores each candidate on test, once, and packs the best.
MadeBundle make_bundle(const std::string& name, const std::vector<Candidate>& candidates,
                       const MetricKind& metric, const std::vector<std::string>& null_texts,
                       const Store& store);

}  // namespace gristmill
