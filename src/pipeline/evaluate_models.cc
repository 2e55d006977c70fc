#include "pipeline/evaluate_models.h"

#include <optional>

#include "clean/rule.h"
#include "feature/featurizer.h"
#include "learn/bootstrap.h"
#include "learn/calibrate.h"
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
void tell_scores(const std::string& model, const Resamples& metrics, Evaluation& out) {
  std::map<std::string, double> scores;
  json intervals = json::object();
  for (const auto& [name, resampled] : metrics) {
    scores[name] = resampled.score;
    intervals[name] = resampled.interval().json();
  }
  out.test[model] = scores_json(scores);
  out.test_interval[model] = intervals;
}

// `by_model`: on the test rows.
json beside_the_next(const SplitCandidates& splits, size_t best, const MetricKind& metric,
                     const std::vector<Resampled>& by_model) {
  const auto validate = [&](size_t model) { return mean_validate(splits, model).at(metric.name); };
  std::optional<size_t> next;
  for (size_t model = 0; model < by_model.size(); ++model) {
    if (model != best && (!next || better(metric, validate(model), validate(*next)))) next = model;
  }
  if (!next) return nullptr;
  const Resampled apart = difference(by_model[best], by_model[*next]);
  if (!std::isfinite(apart.score)) return nullptr;
  return {{"other", splits.front()[*next].name},
          {"difference", apart.score},
          {"interval", apart.interval().json()}};
}

json slices_of(const Candidate& best, const MetricKind& metric, const Scored& scored,
               double baseline, const State& fitted) {
  if (best.name == "baseline") return json::array();  // it looks at no column
  const std::vector<SlicedColumn> columns = load_slices(fitted.get_state("slices"));
  if (columns.empty()) return json::array();
  const ScoredRows looked_at(scored,
                             evenly_spaced(scored.rows, int64_t(columns.front().slice_of.size())));
  return worst_slices(metric, looked_at.scored(), columns, metric.score(scored), baseline, 0);
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

// The models of all splits on their test rows, one after the other; of the best on the first split
// its data set and predictions are kept.
class Scorer {
 public:
  Scorer(const PredictSpec& spec, const SplitCandidates& splits, size_t best,
         const Answering& answering, const Store& store)
      : spec_(spec), best_(best), answering_(answering), store_(store) {
    for (size_t split = 0; split < splits.size(); ++split) {
      for (size_t model = 0; model < splits[split].size(); ++model)
        score(splits[split][model], split, model);
    }
  }

  std::shared_ptr<Dataset> data;
  std::unique_ptr<Predictions> predictions;
  SplitScores scores;
  json rows = json::array();  // of each split

 private:
  void score(const Candidate& candidate, size_t split, size_t number) {
    const auto dataset = stored_dataset(store_, *candidate.dataset);
    const DatasetInfo& info = dataset->info();
    auto model = stored_model(store_, *candidate.model, info.layout);
    if (answering_.calibration && (number == best_ || candidate.learner != "baseline"))
      model = calibrated(std::move(model), *dataset);
    auto predicted =
        std::make_unique<Predictions>(*model, *dataset, Fold::test, 0, spec_.asked.scale);
    scores.resize(std::max(scores.size(), number + 1));
    scores[number].push_back(
        resample(metrics_for(info.problem, spec_.asked.beside), predicted->scored(), 0, split));
    if (number == 0)
      rows.push_back({{"train", dataset->fold_rows(Fold::train)},
                      {"validate", dataset->fold_rows(Fold::validate)},
                      {"test", dataset->fold_rows(Fold::test)}});
    if (number != best_ || split > 0) return;
    data = dataset;
    predictions = std::move(predicted);
  }

  // By the validate rows, each model by itself.
  static std::unique_ptr<Model> calibrated(std::unique_ptr<Model> model, const Dataset& dataset) {
    const Predictions validate(*model, dataset, Fold::validate, 0);
    const Calibration found = fit_calibration(dataset.info().problem, validate.scored());
    return make_calibrated(std::move(model), found);
  }

  const PredictSpec& spec_;
  size_t best_;
  const Answering& answering_;
  const Store& store_;
};

}  // namespace

Evaluation evaluate_models(const PredictSpec& spec, const SplitCandidates& splits, size_t best,
                           Answering& answering, const MetricKind& metric, const Store& store) {
  Evaluation out{.test = json::object(), .test_interval = json::object(), .best = json::object()};
  const Scorer scorer(spec, splits, best, answering, store);
  std::vector<Resampled> by_model;  // of the metric
  for (size_t model = 0; model < scorer.scores.size(); ++model) {
    const Resamples means = mean_test(scorer.scores, model, spec.split);
    tell_scores(splits.front()[model].name, means, out);
    by_model.push_back(means.at(metric.name));
  }
  const Scored scored = scorer.predictions->scored();
  answering.tell(scored);
  out.next = beside_the_next(splits, best, metric, by_model);
  const Candidate& candidate = splits.front()[best];
  const State fitted = stored_fit(store, *candidate.dataset);
  if (scorer.data->info().problem != Problem::regression)
    out.best = class_report(scored, scorer.data->info().classes, answering.threshold);
  const Resampled& baseline = scorer.scores.back().front().at(metric.name);
  out.best["slices"] = slices_of(candidate, metric, scored, baseline.score, fitted);
  compare_folds(*scorer.data, fitted, out);
  if (spec.split.folds == 0) return out;
  out.best["folds"] = fold_facts(spec, splits, scorer.scores, metric, scorer.rows);
  for (std::string& warning : fold_warnings(spec, splits, scorer.scores, metric))
    out.warnings.push_back(std::move(warning));
  return out;
}

}  // namespace gristmill
