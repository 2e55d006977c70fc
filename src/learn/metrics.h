// How good a model is. One registered kind a metric.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/registry.h"
#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

// Predictions beside the truth. `predicted` has `outputs` a row, as Model::predict gives them.
struct Scored {
  int64_t rows = 0;
  const double* target = nullptr;
  const double* weight = nullptr;  // null: all 1
  const double* predicted = nullptr;
  int64_t outputs = 1;
};

struct MetricKind {
  std::string name;  // "auc", "log_loss", "brier", "accuracy", "f1", "rmse", "mae", "r2"
  std::string text;  // what it is, with its source
  bool higher_is_better = true;
  std::vector<Problem> problems;
  // NaN when it is not defined (AUC with one class). Weighted.
  double (*score)(const Scored&);
};
using Metrics = Registry<MetricKind>;
using RegisterMetric = Registration<MetricKind>;

std::string default_metric(Problem problem);  // rmse, auc, log_loss
// All metrics for the problem, by name.
std::map<std::string, double> score_all(Problem problem, const Scored& scored);
// Scores as JSON; what is not finite, and so not defined, as null.
nlohmann::json scores_json(const std::map<std::string, double>& scores);
// True when `a` is strictly better than `b`; NaN is worse than anything.
bool better(const MetricKind& metric, double a, double b);

}  // namespace gristmill
