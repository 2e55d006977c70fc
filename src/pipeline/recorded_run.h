// Work that the ledger keeps as a run.
#pragma once

#include <functional>
#include <string>

#include "pipeline/executor.h"

namespace gristmill {

struct RunEnd {
  std::string status;  // "done", "failed"
  nlohmann::json report;
};

// Takes the workspace's lock, begins a run, and ends it with what `work` says, or with the error
// that it throws, which goes on to the caller.
void record_run(Workspace& workspace, Progress& progress, const nlohmann::json& command,
                const std::function<RunEnd(Executor&, const std::string& run)>& work);

}  // namespace gristmill
