// The project that a verb works on.
#pragma once

#include "cli/verb.h"
#include "pipeline/project.h"
#include "pipeline/run.h"

namespace gristmill {

// Reads the project of -C, with --env and -p applied: for verbs that say `project`. Code::usage for
// a -p that is no NAME=VALUE.
Project open_project(const Invocation& call);

// For verbs that take --refresh and --frozen.
VerbOption refresh_option();
Project refreshed_project(const Invocation& call);

// Tables of the project ready to be looked at: no run is recorded.
struct OpenTables {
  Project project;
  Workspace workspace;
  Executor executor;
  Tables tables;
  explicit OpenTables(const Invocation& call);
};

// Says whether a table that has rules is shown before or after them.
void note_rules(const Invocation& call, OpenTables& open, const std::string& table);

int64_t count_rows(Engine& engine, const std::string& relation);

// A bundle's path: a file, or the name of a prediction of the project in -C.
fs::path find_bundle(const Invocation& call, const std::string& given);

}  // namespace gristmill
