#include "pipeline/evaluate_models.h"

#include "clean/rule.h"
#include "feature/featurizer.h"
#include "learn/bootstrap.h"
#include "learn/class_report.h"
#include "learn/copies.h"
#include "learn/evaluate.h"
#include "learn/telltale.h"
#include "learn/worst_slices.h"
#include "pipeline/stored_model.h"

namespace gristmill {
namespace {

using nlohmann::json;

// All metrics of one model, and how sure they are.
void score(const std::string& model, const Scored& scored, Problem problem, Evaluation& out) {
  std::map<std::string, double> scores;
  json intervals = json::object();
  for (const auto& [name, resampled] : resample(metrics_for(problem), scored, 0)) {
    scores[name] = resampled.score;
    intervals[name] = resampled.interval().json();
  }
  out.test[model] = scores_json(scores);
  out.test_interval[model] = intervals;
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

std::vector<std::string> leakage(const Dataset& data, const State& fitted) {
  const bool by_time = fitted.json.at("facts").at("split").at("by") == "time";
  std::vector<std::string> warnings = telltale_columns(data, by_time, 0);
  // The mean of a target is another one for the rows that it was learned from.
  std::vector<bool> other_in_training;
  for (const std::string& encoder : encoders_of(fitted))
    other_in_training.push_back(encoder == "target");
  const std::string copies = copies_warning(data, other_in_training, 0);
  if (!copies.empty()) warnings.push_back(copies);
  return warnings;
}

}  // namespace

Evaluation evaluate_models(const std::vector<Candidate>& candidates, const Candidate& best,
                           const MetricKind& metric, const Store& store) {
  Evaluation out{.test = json::object(), .test_interval = json::object(), .best = json::object()};
  std::shared_ptr<Dataset> data;  // of the best, and what it says of it
  std::unique_ptr<Predictions> predictions;
  for (const Candidate& candidate : candidates) {
    const auto dataset = stored_dataset(store, *candidate.dataset);
    const auto model = stored_model(store, *candidate.model, dataset->info().layout);
    auto predicted = std::make_unique<Predictions>(*model, *dataset, Fold::test, 0);
    score(candidate.name, predicted->scored(), dataset->info().problem, out);
    if (&candidate != &best) continue;
    data = dataset;
    predictions = std::move(predicted);
  }
  const State fitted = stored_fit(store, *best.dataset);
  if (data->info().problem != Problem::regression)
    out.best = class_report(predictions->scored(), data->info().classes);
  out.best["slices"] = slices_of(best, metric, predictions->scored(),
                                 out.test.at("baseline").at(metric.name), fitted);
  out.warnings = leakage(*data, fitted);
  return out;
}

}  // namespace gristmill
