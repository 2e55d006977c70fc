#include "pipeline/fold_scores.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace gristmill {
namespace {

using nlohmann::json;

size_t best_of(const std::vector<std::map<std::string, double>>& validate,
               const MetricKind& metric) {
  size_t best = 0;
  for (size_t model = 1; model < validate.size(); ++model) {
    if (better(metric, validate[model].at(metric.name), validate[best].at(metric.name)))
      best = model;
  }
  return best;
}

}  // namespace

std::map<std::string, double> mean_validate(const SplitCandidates& splits, size_t model) {
  std::map<std::string, double> sums, counts;
  for (const std::vector<Candidate>& candidates : splits) {
    for (const auto& [metric, score] : candidates[model].validate) {
      const bool defined = std::isfinite(score);
      sums[metric] += defined ? score : 0;
      counts[metric] += defined ? 1 : 0;
    }
  }
  for (auto& [metric, sum] : sums) sum = counts[metric] > 0 ? sum / counts[metric] : NAN;
  return sums;
}

size_t best_model(const SplitCandidates& splits, const MetricKind& metric) {
  std::vector<std::map<std::string, double>> validate;
  for (size_t model = 0; model < splits.front().size(); ++model)
    validate.push_back(mean_validate(splits, model));
  return best_of(validate, metric);
}

json fold_facts(const PredictSpec& spec, const SplitCandidates& splits, const SplitScores& scores,
                const MetricKind& metric, const json& rows) {
  json test = json::object(), chosen = json::array();
  for (size_t model = 0; model < scores.size(); ++model) {
    json& by_metric = test[splits.front()[model].name] = json::object();
    for (const auto& by_split : scores[model]) {
      for (const auto& [name, resampled] : by_split)
        by_metric[name].push_back(std::isfinite(resampled.score) ? json(resampled.score) : json());
    }
  }
  std::vector<Resampled> nested;
  for (size_t split = 0; split < splits.size(); ++split) {
    const size_t best = best_model({splits[split]}, metric);
    chosen.push_back(splits[split][best].name);
    nested.push_back(scores[best][split].at(metric.name));
  }
  const Resampled honest = mean_of(nested, size_t(spec.split.folds));
  json found = {{"score", nullptr}, {"interval", honest.interval().json()}};
  if (std::isfinite(honest.score)) found["score"] = honest.score;
  return {{"folds", spec.split.folds},
          {"repeats", spec.split.repeats},
          {"rows", rows},
          {"test", test},
          {"chosen", chosen},
          {"nested", found}};
}

std::vector<std::string> fold_warnings(const SplitScores& scores, const MetricKind& metric,
                                       const PredictSpec& spec) {
  const auto& by_split = scores.front();
  const auto defined = std::count_if(by_split.begin(), by_split.end(), [&](const auto& metrics) {
    return std::isfinite(metrics.at(metric.name).score);
  });
  if (size_t(defined) == by_split.size()) return {};
  return {
      fmt::format("{} is defined in {} of {} folds: the test rows of the others are of one "
                  "class; {}",
                  metric.name, defined, by_split.size(),
                  spec.split.by == SplitSpec::By::random && !spec.split.stratify
                      ? "`stratify: true` deals the classes out evenly"
                      : "ask for fewer `folds`")};
}

}  // namespace gristmill
