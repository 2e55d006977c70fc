// The tasks of one prediction: encoded data set → models → the best as a bundle.
#pragma once

#include <string>
#include <vector>

#include "feature/encoder.h"
#include "learn/bootstrap.h"
#include "pipeline/accept.h"
#include "pipeline/tables.h"

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
  std::optional<Digest> bundle;                          // absent: a plan, and it is not known yet

  const std::map<std::string, double>& scores_of_best() const;  // on test
};

// Whether all that `accept` asks for holds.
bool is_accepted(const PredictOutcome& outcome);

// Makes the tables that it is made from; what they are to its data set.
std::vector<TaskNeed> make_tables(const Project& project, const PredictSpec& spec, Tables& tables);
// Runs (or plans) all tasks of a prediction.
PredictOutcome run_prediction(const Project& project, const PredictSpec& spec, Tables& tables,
                              Executor& executor);

// The encoded data set of a prediction.
struct BuiltDataset {
  std::optional<Digest> manifest;
  fs::path path;  // of the file in the store
  nlohmann::json facts;
};
// Its data set with the encodings that a learner wants.
BuiltDataset build_dataset(const Project& project, const PredictSpec& spec, const Wants& wants,
                           Tables& tables, Executor& executor);

}  // namespace gristmill
