// How good a model is. One registered kind a metric.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/registry.h"
#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

// What some metrics of losses are relative to.
struct MetricScale {
  double alpha = 0.5;  // the quantile of `pinball`
  double power = 1.5;  // of the variance, of `tweedie_deviance`
  nlohmann::json json() const;
  static MetricScale from_json(const nlohmann::json& json);  // what is absent: as above
};

// What a prediction is scored by beside the metrics of its problem.
struct MetricsAsked {
  std::vector<std::string> beside;  // MetricKind::of_loss
  MetricScale scale;
  nlohmann::json json() const;  // for task keys
};

// Predictions beside the truth. `predicted` has `outputs` a row, as Model::predict gives them.
struct Scored {
  int64_t rows = 0;
  const double* target = nullptr;
  const double* weight = nullptr;  // null: all 1
  const double* predicted = nullptr;
  int64_t outputs = 1;
  MetricScale scale = {};

  double weight_of(int64_t row) const { return weight == nullptr ? 1 : weight[row]; }
};

// Some of the rows, copied.
class ScoredRows {
 public:
  ScoredRows(const Scored& all, const std::vector<int64_t>& rows);
  Scored scored() const;

 private:
  std::vector<double> target_, weight_, predicted_;
  int64_t outputs_;
  MetricScale scale_;
};
// `count` of them, evenly spaced; all where there are no more.
std::vector<int64_t> evenly_spaced(int64_t rows, int64_t count);

// The class answered: the most probable, or of two the second from `threshold` on.
int answered_class(const Scored& scored, int64_t row, double threshold = 0.5);

// What a metric needs of the rows it was shown, to score them under weights (null: all 1) as often
// as one likes. NaN when it is not defined (AUC with one class).
using Scoring = std::function<double(const double* weight)>;

struct MetricKind {
  std::string name;  // "auc", "log_loss", "brier", "accuracy", "f1", "rmse", "mae", "r2"
  std::string text;  // what it is, with its source
  bool higher_is_better = true;
  std::vector<Problem> problems;
  Scoring (*prepare)(const Scored&);
  bool of_loss = false;  // reported only where a model has its loss, or it is asked for by name
  double score(const Scored& scored) const { return prepare(scored)(scored.weight); }
};
using Metrics = Registry<MetricKind>;
using RegisterMetric = Registration<MetricKind>;

std::string default_metric(Problem problem);  // rmse, auc, log_loss
// Those of the problem, and those of losses that `beside` names.
std::vector<const MetricKind*> metrics_for(Problem problem,
                                           const std::vector<std::string>& beside = {});
// All of them, by name.
std::map<std::string, double> score_all(Problem problem, const Scored& scored,
                                        const std::vector<std::string>& beside = {});
// Scores as JSON; what is not finite, and so not defined, as null.
nlohmann::json scores_json(const std::map<std::string, double>& scores);
std::map<std::string, double> scores_from(const nlohmann::json& scores);
// True when `a` is strictly better than `b`; NaN is worse than anything.
bool better(const MetricKind& metric, double a, double b);

}  // namespace gristmill
