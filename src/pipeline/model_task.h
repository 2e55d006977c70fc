// The task that trains a model, and the search that is several of them.
#pragma once

#include <string>

#include "learn/metrics.h"
#include "pipeline/dataset_task.h"
#include "pipeline/stored_model.h"

namespace gristmill {

// `title` stands behind the model's name in the plan: ", trial 3".
Candidate train_model(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
                      Executor& executor, const std::string& title = "");

// Trains it as the project says, then with other values of what the project leaves open, in all
// `spec.search` times; the best by `metric` on the validate rows. `metric` null: a plan.
Candidate search_model(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
                       const MetricKind* metric, Executor& executor);

}  // namespace gristmill
