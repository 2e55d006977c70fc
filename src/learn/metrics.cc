#include "learn/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double least_probability = std::numeric_limits<double>::epsilon();  // as scikit-learn

using Values = std::vector<double>;

// value(i) of each row.
template <class Value>
Values of_rows(const Scored& s, Value&& value) {
  Values values(static_cast<size_t>(s.rows));
  for (int64_t i = 0; i < s.rows; ++i) values[size_t(i)] = value(i);
  return values;
}

double weight_of(const double* weight, size_t i) { return weight == nullptr ? 1 : weight[i]; }

// NaN without weight.
template <class Value>
double mean(size_t rows, const double* weight, Value&& value) {
  double sum = 0, weights = 0;
  for (size_t i = 0; i < rows; ++i) {
    const double w = weight_of(weight, i);
    sum += w * value(i);
    weights += w;
  }
  return weights > 0 ? sum / weights : undefined;
}

double mean(const Values& values, const double* weight) {
  return mean(values.size(), weight, [&](size_t i) { return values[i]; });
}

Scoring mean_of(Values values) {
  return [values = std::move(values)](const double* weight) { return mean(values, weight); };
}

double probability_of_truth(const Scored& s, int64_t i) {
  const double* p = s.predicted + i * s.outputs;
  if (s.outputs == 1) return s.target[i] == 1 ? p[0] : 1 - p[0];
  return p[int64_t(s.target[i])];
}

Scoring log_loss(const Scored& s) {
  return mean_of(of_rows(s, [&](int64_t i) {
    return -std::log(
        std::clamp(probability_of_truth(s, i), least_probability, 1 - least_probability));
  }));
}

// Mean squared distance of the probabilities from the truth (Brier 1950; binary: of the positive
// class).
Scoring brier(const Scored& s) {
  return mean_of(of_rows(s, [&](int64_t i) {
    if (s.outputs == 1) return (s.predicted[i] - s.target[i]) * (s.predicted[i] - s.target[i]);
    double sum = 0;
    for (int64_t k = 0; k < s.outputs; ++k) {
      const double d = s.predicted[i * s.outputs + k] - double(double(k) == s.target[i]);
      sum += d * d;
    }
    return sum;
  }));
}

Scoring accuracy(const Scored& s) {
  return mean_of(
      of_rows(s, [&](int64_t i) { return double(double(answered_class(s, i)) == s.target[i]); }));
}

// Classes that neither occur nor are answered do not count.
Scoring f1(const Scored& s) {
  std::map<std::pair<size_t, size_t>, size_t> cells;  // answer and truth that occur together
  std::vector<size_t> cell_of(static_cast<size_t>(s.rows));
  for (int64_t i = 0; i < s.rows; ++i) {
    const std::pair at(size_t(answered_class(s, i)), size_t(s.target[i]));
    cell_of[size_t(i)] = cells.emplace(at, cells.size()).first->second;
  }
  return [cells = std::move(cells), cell_of = std::move(cell_of),
          outputs = s.outputs](const double* weight) {
    const auto classes = size_t(outputs == 1 ? 2 : outputs);
    Values counts(cells.size()), hit(classes), answered(classes), truth(classes);
    for (size_t i = 0; i < cell_of.size(); ++i) counts[cell_of[i]] += weight_of(weight, i);
    for (const auto& [at, cell] : cells) {
      answered[at.first] += counts[cell];
      truth[at.second] += counts[cell];
      if (at.first == at.second) hit[at.first] += counts[cell];
    }
    double sum = 0, counted = 0;
    for (size_t c = outputs == 1 ? 1 : 0; c < classes; ++c) {
      if (answered[c] + truth[c] == 0) continue;
      sum += 2 * hit[c] / (answered[c] + truth[c]);
      ++counted;
    }
    return counted > 0 ? sum / counted : 0;
  };
}

Values squared_errors(const Scored& s) {
  return of_rows(s, [&](int64_t i) {
    return (s.predicted[i] - s.target[i]) * (s.predicted[i] - s.target[i]);
  });
}

Scoring rmse(const Scored& s) {
  return [errors = squared_errors(s)](const double* weight) {
    return std::sqrt(mean(errors, weight));
  };
}

Scoring mae(const Scored& s) {
  return mean_of(of_rows(s, [&](int64_t i) { return std::abs(s.predicted[i] - s.target[i]); }));
}

Scoring r2(const Scored& s) {
  return [target = of_rows(s, [&](int64_t i) { return s.target[i]; }),
          errors = squared_errors(s)](const double* weight) {
    const double center = mean(target, weight);
    const double spread = mean(target.size(), weight, [&](size_t i) {
      return (target[i] - center) * (target[i] - center);
    });
    return spread > 0 ? 1 - mean(errors, weight) / spread : undefined;
  };
}

const std::vector<Problem> classes = {Problem::binary, Problem::multiclass};
const RegisterMetric log_loss_kind({"log_loss",
                                    "Mean negative logarithm of the probability given to the truth",
                                    false, classes, log_loss});
const RegisterMetric brier_kind(
    {"brier", "Brier score: mean squared distance of the probabilities from the truth", false,
     classes, brier});
const RegisterMetric accuracy_kind({"accuracy", "Share of right answers", true, classes, accuracy});
const RegisterMetric f1_kind(
    {"f1", "Harmonic mean of precision and recall; the mean over classes for three or more", true,
     classes, f1});
const RegisterMetric rmse_kind(
    {"rmse", "Root of the mean squared error", false, {Problem::regression}, rmse});
const RegisterMetric mae_kind({"mae", "Mean absolute error", false, {Problem::regression}, mae});
const RegisterMetric r2_kind(
    {"r2", "Share of the target's variance that is explained", true, {Problem::regression}, r2});

}  // namespace

ScoredRows::ScoredRows(const Scored& all, const std::vector<int64_t>& rows)
    : outputs_(all.outputs), scale_(all.scale) {
  for (const int64_t i : rows) {
    target_.push_back(all.target[i]);
    if (all.weight != nullptr) weight_.push_back(all.weight[i]);
    const double* predicted = all.predicted + i * all.outputs;
    predicted_.insert(predicted_.end(), predicted, predicted + all.outputs);
  }
}

Scored ScoredRows::scored() const {
  return {int64_t(target_.size()), target_.data(), weight_.empty() ? nullptr : weight_.data(),
          predicted_.data(),       outputs_,       scale_};
}

std::vector<int64_t> evenly_spaced(int64_t rows, int64_t count) {
  std::vector<int64_t> out(static_cast<size_t>(std::min(rows, count)));
  for (size_t i = 0; i < out.size(); ++i) out[i] = int64_t(i) * rows / int64_t(out.size());
  return out;
}

int answered_class(const Scored& scored, int64_t row, double threshold) {
  const double* p = scored.predicted + row * scored.outputs;
  if (scored.outputs == 1) return p[0] >= threshold;
  return int(std::max_element(p, p + scored.outputs) - p);
}

std::string default_metric(Problem problem) {
  switch (problem) {
    case Problem::regression:
      return "rmse";
    case Problem::binary:
      return "auc";
    case Problem::multiclass:
      return "log_loss";
  }
  return "";
}

nlohmann::json MetricScale::json() const { return {{"alpha", alpha}, {"power", power}}; }

MetricScale MetricScale::from_json(const nlohmann::json& json) {
  const MetricScale plain;
  return {json.value("alpha", plain.alpha), json.value("power", plain.power)};
}

nlohmann::json MetricsAsked::json() const {
  nlohmann::json out = scale.json();
  out["beside"] = beside;
  return out;
}

std::vector<const MetricKind*> metrics_for(Problem problem,
                                           const std::vector<std::string>& beside) {
  std::vector<const MetricKind*> out;
  for (const auto& [name, metric] : Metrics::instance()) {
    const bool asked = !metric.of_loss || std::count(beside.begin(), beside.end(), name) > 0;
    if (asked && std::count(metric.problems.begin(), metric.problems.end(), problem) > 0)
      out.push_back(&metric);
  }
  return out;
}

std::map<std::string, double> score_all(Problem problem, const Scored& scored,
                                        const std::vector<std::string>& beside) {
  std::map<std::string, double> scores;
  for (const MetricKind* metric : metrics_for(problem, beside))
    scores[metric->name] = metric->score(scored);
  return scores;
}

nlohmann::json scores_json(const std::map<std::string, double>& scores) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : scores) {
    out[name] = std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  }
  return out;
}

std::map<std::string, double> scores_from(const nlohmann::json& scores) {
  std::map<std::string, double> out;
  for (const auto& [name, value] : scores.items())
    out[name] = value.is_null() ? NAN : value.get<double>();
  return out;
}

bool better(const MetricKind& metric, double a, double b) {
  if (std::isnan(a)) return false;
  if (std::isnan(b)) return true;
  return metric.higher_is_better ? a > b : a < b;
}

}  // namespace gristmill
