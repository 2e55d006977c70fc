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

// Of a model on the validate rows, by metric: means over the splits in which the baseline has a
// score, so that all models are compared on the same rows; NaN where this one has none there.
std::map<std::string, double> mean_validate(const SplitCandidates& splits, size_t model);
// The best by that, the baseline where none is better. Code::invalid when the metric is defined for
// none.
size_t best_model(const SplitCandidates& splits, const MetricKind& metric);

// By model, then split: its scores on the test rows.
using SplitScores = std::vector<std::vector<std::map<std::string, Resampled>>>;
// The same means of these.
std::map<std::string, Resampled> mean_test(const SplitScores& scores, size_t model,
                                           const SplitSpec& split);

// {"folds", "repeats", "rows": of each split {"train", "validate", "test"}, "test": by model and
// metric, the scores by split, "chosen": the best on the validate rows of each split (null where
// they tell none), "nested":
// {"score", "interval"} of those by the metric, on its test rows}. Nested: each choice was made
// without the rows that score it, but on one part only, where the means choose by all of them.
nlohmann::json fold_facts(const PredictSpec& spec, const SplitCandidates& splits,
                          const SplitScores& scores, const MetricKind& metric,
                          const nlohmann::json& rows);
// Of models that the metric is not defined for in all folds.
std::vector<std::string> fold_warnings(const PredictSpec& spec, const SplitCandidates& splits,
                                       const SplitScores& scores, const MetricKind& metric);

}  // namespace gristmill
