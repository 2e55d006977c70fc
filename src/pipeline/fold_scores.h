// What cross-validation says of a prediction's models. Without folds, there is one split, and each
// mean is of one score.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "learn/bootstrap.h"
#include "pipeline/project.h"
#include "pipeline/stored_model.h"

namespace gristmill {

// By split, then as in the project file, the baseline last.
using SplitCandidates = std::vector<std::vector<Candidate>>;

// Of a model on the validate rows: means over the splits of what is defined there.
std::map<std::string, double> mean_validate(const SplitCandidates& splits, size_t model);
// The best by that.
size_t best_model(const SplitCandidates& splits, const MetricKind& metric);

// By model, then split: its scores on the test rows.
using SplitScores = std::vector<std::vector<std::map<std::string, Resampled>>>;

// {"folds", "repeats", "rows": of each split {"train", "validate", "test"}, "test": by model and
// metric, the scores by split, "chosen": the best on the validate rows of each split, "nested":
// {"score", "interval"} of those by the metric, on its test rows}. Nested (Varma and Simon 2006):
// what the choice itself gains by chance is not in that score.
nlohmann::json fold_facts(const PredictSpec& spec, const SplitCandidates& splits,
                          const SplitScores& scores, const MetricKind& metric,
                          const nlohmann::json& rows);
// Of metrics that are not defined in all folds.
std::vector<std::string> fold_warnings(const SplitScores& scores, const MetricKind& metric,
                                       const PredictSpec& spec);

}  // namespace gristmill
