#include "pipeline/fold_scores.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

using nlohmann::json;

// The baseline where none is better; none where the metric is not defined.
std::optional<size_t> best_if_any(const SplitCandidates& splits, const MetricKind& metric) {
  std::vector<double> scores;
  for (size_t model = 0; model < splits.front().size(); ++model)
    scores.push_back(mean_validate(splits, model).at(metric.name));
  size_t best = scores.size() - 1;
  for (size_t model = 0; model + 1 < scores.size(); ++model) {
    if (better(metric, scores[model], scores[best])) best = model;
  }
  return std::isfinite(scores[best]) ? std::optional(best) : std::nullopt;
}

bool has_score(const std::map<std::string, Resampled>& scores, const std::string& metric) {
  return std::isfinite(scores.at(metric).score);
}

}  // namespace

std::map<std::string, double> mean_validate(const SplitCandidates& splits, size_t model) {
  std::map<std::string, double> out;
  for (const auto& [metric, unused] : splits.front()[model].validate) {
    double sum = 0, count = 0;
    for (const std::vector<Candidate>& candidates : splits) {
      if (!std::isfinite(candidates.back().validate.at(metric))) continue;
      sum += candidates[model].validate.at(metric);
      ++count;
    }
    out[metric] = count > 0 ? sum / count : NAN;
  }
  return out;
}

size_t best_model(const SplitCandidates& splits, const MetricKind& metric) {
  const std::optional<size_t> best = best_if_any(splits, metric);
  if (!best)
    throw Error(Code::invalid,
                fmt::format("{} is not defined for any model on the validate rows, so none is the "
                            "best",
                            metric.name),
                {}, "give `validate` in `split` other rows, or name another `metric`");
  return *best;
}

std::map<std::string, Resampled> mean_test(const SplitScores& scores, size_t model,
                                           const SplitSpec& split) {
  std::map<std::string, Resampled> out;
  for (const auto& [metric, unused] : scores[model].front()) {
    std::vector<Resampled> folds;
    size_t disjoint = 0;
    for (size_t fold = 0; fold < scores[model].size(); ++fold) {
      if (scores[model].size() > 1 && !has_score(scores.back()[fold], metric)) continue;
      folds.push_back(scores[model][fold].at(metric));
      disjoint += int(fold) < std::max(split.folds, 1);
    }
    out[metric] = mean_of(folds, disjoint);
  }
  return out;
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
  SplitScores nested(2);  // the best of each split, the baseline
  for (size_t split = 0; split < splits.size(); ++split) {
    const std::optional<size_t> best = best_if_any({splits[split]}, metric);
    chosen.push_back(best ? json(splits[split][*best].name) : json());
    if (!best) continue;
    nested[0].push_back(scores[*best][split]);
    nested[1].push_back(scores.back()[split]);
  }
  json found = {{"score", nullptr}, {"interval", nullptr}};
  if (!nested[0].empty()) {
    const Resampled honest = mean_test(nested, 0, spec.split).at(metric.name);
    if (std::isfinite(honest.score)) found["score"] = honest.score;
    found["interval"] = honest.interval().json();
  }
  return {{"folds", spec.split.folds},
          {"repeats", spec.split.repeats},
          {"rows", rows},
          {"test", test},
          {"chosen", chosen},
          {"nested", found}};
}

std::vector<std::string> fold_warnings(const PredictSpec& spec, const SplitCandidates& splits,
                                       const SplitScores& scores, const MetricKind& metric) {
  std::vector<std::string> out;
  const auto defined = [&](size_t model) {
    return size_t(
        std::count_if(scores[model].begin(), scores[model].end(),
                      [&](const auto& metrics) { return has_score(metrics, metric.name); }));
  };
  const size_t folds = splits.size(), rows_allow = defined(scores.size() - 1);
  if (rows_allow < folds)
    out.push_back(
        fmt::format("the test rows of {} of {} folds allow no {}, and means are of the "
                    "others: {}",
                    folds - rows_allow, folds, metric.name,
                    spec.split.by == SplitSpec::By::random && !spec.split.stratify
                        ? "`stratify: true` deals the classes out evenly"
                        : "ask for fewer `folds`"));
  for (size_t model = 0; model + 1 < scores.size(); ++model) {
    if (defined(model) < rows_allow)
      out.push_back(fmt::format("{} has no {} in {} of {} folds, and so no mean",
                                splits.front()[model].name, metric.name,
                                rows_allow - defined(model), folds));
  }
  return out;
}

}  // namespace gristmill
