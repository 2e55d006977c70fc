#include "pipeline/evaluate_models.h"

#include "learn/bootstrap.h"
#include "learn/class_report.h"
#include "learn/evaluate.h"
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
               const json& baseline, const Store& store) {
  if (best.name == "baseline") return json::array();  // it looks at no column
  const std::vector<SlicedColumn> columns =
      load_slices(stored_fit(store, *best.dataset).get_state("slices"));
  if (columns.empty()) return json::array();
  const ScoredRows looked_at(scored,
                             evenly_spaced(scored.rows, int64_t(columns.front().slice_of.size())));
  return worst_slices(metric, looked_at.scored(), columns, metric.score(scored),
                      baseline.is_null() ? NAN : baseline.get<double>(), 0);
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
  if (data->info().problem != Problem::regression)
    out.best = class_report(predictions->scored(), data->info().classes);
  out.best["slices"] = slices_of(best, metric, predictions->scored(),
                                 out.test.at("baseline").at(metric.name), store);
  return out;
}

}  // namespace gristmill
