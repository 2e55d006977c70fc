#include "pipeline/evaluate_models.h"

#include "clean/rule.h"
#include "feature/featurizer.h"
#include "learn/bootstrap.h"
#include "learn/class_report.h"
#include "learn/copies.h"
#include "learn/drift.h"
#include "learn/evaluate.h"
#include "learn/telltale.h"
#include "learn/worst_slices.h"

namespace gristmill {
namespace {

using nlohmann::json;

using Resamples = std::map<std::string, Resampled>;  // by metric

// All metrics of one model, and how sure they are.
void score(const std::string& model, const Resamples& metrics, Evaluation& out) {
  std::map<std::string, double> scores;
  json intervals = json::object();
  for (const auto& [name, resampled] : metrics) {
    scores[name] = resampled.score;
    intervals[name] = resampled.interval().json();
  }
  out.test[model] = scores_json(scores);
  out.test_interval[model] = intervals;
}

json beside_the_next(const std::vector<Candidate>& candidates, const Candidate& best,
                     const MetricKind& metric, const std::map<std::string, Resampled>& by_model) {
  const Candidate* next = nullptr;
  for (const Candidate& candidate : candidates) {
    if (&candidate != &best &&
        (next == nullptr ||
         better(metric, candidate.validate.at(metric.name), next->validate.at(metric.name))))
      next = &candidate;
  }
  if (next == nullptr) return nullptr;
  const Resampled apart = difference(by_model.at(best.name), by_model.at(next->name));
  if (!std::isfinite(apart.score)) return nullptr;
  return {
      {"other", next->name}, {"difference", apart.score}, {"interval", apart.interval().json()}};
}

json slices_of(const Candidate& best, const MetricKind& metric, const Scored& scored,
               const json& baseline, const State& fitted) {
  if (best.name == "baseline") return json::array();  // it looks at no column
  const std::vector<SlicedColumn> columns = load_slices(fitted.get_state("slices"));
  if (columns.empty()) return json::array();
  const ScoredRows looked_at(scored,
                             evenly_spaced(scored.rows, int64_t(columns.front().slice_of.size())));
  return worst_slices(metric, looked_at.scored(), columns, metric.score(scored),
                      baseline.is_null() ? NAN : baseline.get<double>(), 0);
}

// The kind of encoder that made each spec.
std::vector<std::string> encoders_of(const State& fitted) {
  const RuleChain rules = RuleChain::load(fitted.get_state("rules"));
  std::vector<std::string> out;
  const Featurizer featurizer = Featurizer::load(fitted.get_state("features"), rules.output());
  for (const auto& step : featurizer.steps())
    out.insert(out.end(), step.encoder->outputs().size(), step.kind);
  return out;
}

std::vector<bool> made_by(const std::string& encoder, const std::vector<std::string>& encoders) {
  std::vector<bool> out;
  for (const std::string& name : encoders) out.push_back(name == encoder);
  return out;
}

// Warnings of what flatters scores, and whether the test rows are others than the training rows.
void compare_folds(const Dataset& data, const State& fitted, Evaluation& out) {
  const json& split = fitted.json.at("facts").at("split");
  const bool by_time = split.at("by") == "time";
  const std::vector<std::string> encoders = encoders_of(fitted);
  out.warnings = telltale_columns(data, by_time, 0);
  // The mean of a target is another one for the rows that it was learned from.
  const std::vector<bool> other_in_training = made_by("target", encoders);
  const std::string copies = copies_warning(data, other_in_training, 0);
  if (!copies.empty()) out.warnings.push_back(copies);
  // That time has moved on is no news.
  std::vector<bool> skip = other_in_training;
  const std::vector<bool> of_times = made_by("datetime", encoders);
  for (size_t s = 0; s < skip.size(); ++s) skip[s] = skip[s] || (by_time && of_times[s]);
  out.drift = find_drift(data, skip, 0);
}

}  // namespace

Evaluation evaluate_models(const PredictSpec& spec, const std::vector<Candidate>& candidates,
                           const Candidate& best, Answering& answering, const MetricKind& metric,
                           const Store& store) {
  Evaluation out{.test = json::object(), .test_interval = json::object(), .best = json::object()};
  std::shared_ptr<Dataset> data;  // of the best, and what it says of it
  std::unique_ptr<Predictions> predictions;
  std::map<std::string, Resampled> by_model;  // of the metric
  for (const Candidate& candidate : candidates) {
    const auto dataset = stored_dataset(store, *candidate.dataset);
    auto model = stored_model(store, *candidate.model, dataset->info().layout);
    if (&candidate == &best && answering.calibration)
      model = make_calibrated(std::move(model), *answering.calibration);
    auto predicted =
        std::make_unique<Predictions>(*model, *dataset, Fold::test, 0, spec.asked.scale);
    Resamples metrics =
        resample(metrics_for(dataset->info().problem, spec.asked.beside), predicted->scored(), 0);
    score(candidate.name, metrics, out);
    by_model[candidate.name] = std::move(metrics.at(metric.name));
    if (&candidate != &best) continue;
    data = dataset;
    predictions = std::move(predicted);
  }
  answering.tell(predictions->scored());
  out.next = beside_the_next(candidates, best, metric, by_model);
  const State fitted = stored_fit(store, *best.dataset);
  if (data->info().problem != Problem::regression)
    out.best = class_report(predictions->scored(), data->info().classes, answering.threshold);
  out.best["slices"] = slices_of(best, metric, predictions->scored(),
                                 out.test.at("baseline").at(metric.name), fitted);
  compare_folds(*data, fitted, out);
  return out;
}

}  // namespace gristmill
