// The tasks of one prediction: encoded data set → models → the best as a bundle.
#pragma once

#include <string>
#include <vector>

#include "learn/bootstrap.h"
#include "pipeline/accept.h"
#include "pipeline/dataset_task.h"

namespace gristmill {

struct ModelOutcome {
  std::string name;
  std::map<std::string, double> validate, test;
  double seconds = 0;
  std::map<std::string, Interval> test_interval = {};
  nlohmann::json learned = nlohmann::json::object();  // TrainContext::learned
};

struct PredictOutcome {
  nlohmann::json dataset;            // FitResult::facts, with the warnings of what came of it
  std::vector<ModelOutcome> models;  // as in the project file
  ModelOutcome baseline;
  std::string best;
  std::string metric;
  nlohmann::json answers;                                // Answering::facts
  std::vector<Verdict> accept;                           // of run
  nlohmann::json evaluation = nlohmann::json::object();  // Evaluation: `best`, `next`, `drift`
  nlohmann::json refit;                                  // MadeBundle::refit
  std::optional<Digest> bundle;                          // absent: a plan, and it is not known yet

  const std::map<std::string, double>& scores_of_best() const;  // on test
};

// Whether all that `accept` asks for holds.
bool is_accepted(const PredictOutcome& outcome);

// Runs (or plans) all tasks of a prediction.
PredictOutcome run_prediction(const Project& project, const PredictSpec& spec, Tables& tables,
                              Executor& executor);

}  // namespace gristmill
