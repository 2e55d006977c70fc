// What `gristmill run` and `gristmill plan` do, without a word printed.
#pragma once

#include <string>
#include <vector>

#include "pipeline/checker.h"
#include "pipeline/recipe.h"

namespace gristmill {

struct RunRequest {
  std::vector<std::string> names;  // of predictions; empty: all
  bool plan_only = false;
  bool frozen = false;     // stored tables as they last were
  nlohmann::json command;  // recorded with the run
};

struct RunOutcome {
  std::string run;  // id; "" for a plan
  std::vector<TaskStep> steps;
  std::vector<std::pair<std::string, PredictOutcome>> predictions;
  std::vector<std::pair<std::string, nlohmann::json>> tables;  // facts of each table made or reused
  std::vector<CheckedTable> checks;            // of the tables that something is expected of
  std::map<std::string, std::string> bundles;  // paths

  // The document that `run --json` promises.
  nlohmann::json json() const;
  nlohmann::json plan_json() const;
};

// Without predictions in the project, makes all its tables.
RunOutcome run_project(const Project& project, Workspace& workspace, const RunRequest& request,
                       Progress& progress);

}  // namespace gristmill
