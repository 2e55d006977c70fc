// The task that makes the encoded data set of a prediction.
#pragma once

#include <optional>
#include <vector>

#include "feature/encoder.h"
#include "pipeline/tables.h"

namespace gristmill {

struct BuiltDataset {
  std::optional<Digest> manifest;
  fs::path path;  // of the file in the store
  nlohmann::json facts;
};
Problem problem_of(const BuiltDataset& data);

// Makes the tables that it is made from; what they are to its data set.
std::vector<TaskNeed> make_tables(const Project& project, const PredictSpec& spec, Tables& tables);
// Its data set with the encodings that a learner wants, of the split that `spec` names.
BuiltDataset build_dataset(const Project& project, const PredictSpec& spec, const Wants& wants,
                           Tables& tables, Executor& executor);
// What it is to the tasks after it.
TaskNeed dataset_need(const PredictSpec& spec, const std::optional<Digest>& manifest,
                      Executor& executor);

}  // namespace gristmill
