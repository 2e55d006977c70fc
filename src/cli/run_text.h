// What is recorded of runs, for people and for programs.
#pragma once

#include <string>

#include "cli/verb.h"
#include "pipeline/workspace.h"

namespace gristmill {

// Code::not_found where nothing was run yet.
void need_state(const fs::path& dir);
// {"run", "started", "ended", "status", "command", "report", "tasks"}.
nlohmann::json run_facts(Workspace& workspace, const RunRecord& run);
void show_run(const Invocation& call, Workspace& workspace, const RunRecord& run);
std::string time_text(int64_t seconds_since_epoch);  // UTC

}  // namespace gristmill
