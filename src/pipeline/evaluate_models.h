// What the test rows say of the models: asked once, after the best is chosen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "learn/metrics.h"
#include "store/store.h"

namespace gristmill {

struct Candidate {
  std::string name;
  std::optional<Digest> dataset;  // manifest
  std::optional<Digest> model;    // blob
  std::map<std::string, double> validate;
  double seconds = 0;
};

struct Evaluation {
  nlohmann::json test, test_interval;  // model → metric → score, or [low, high]; null: not defined
  // Of the best: class_report(), and "slices": worst_slices().
  nlohmann::json best;
  std::vector<std::string> warnings;  // of scores that are too good to be believed
};

Evaluation evaluate_models(const std::vector<Candidate>& candidates, const Candidate& best,
                           const MetricKind& metric, const Store& store);

}  // namespace gristmill
