#include "pipeline/recorded_run.h"

namespace gristmill {
namespace {

// Where even that fails, the run is found killed by the next one.
void record_failure(Workspace& workspace, const std::string& run, const Error& error) {
  const bool stopped = error.code() == Code::interrupted;
  try {
    workspace.ledger().end_run(run, stopped ? "interrupted" : "failed", {{"error", error.json()}});
  } catch (const Error&) {
  }
}

}  // namespace

void record_run(Workspace& workspace, Progress& progress, const nlohmann::json& command,
                const std::function<RunEnd(Executor&, const std::string& run)>& work) {
  const Workspace::Lock lock(workspace, progress);
  workspace.remove_left_behind();
  const std::string run = workspace.ledger().begin_run(command);
  Executor executor(workspace, progress, false, run);
  RunEnd end;
  try {
    end = work(executor, run);
  } catch (const Error& error) {
    record_failure(workspace, run, error);
    if (error.code() != Code::interrupted) throw;
    throw error.with_hint(
        "what was finished is kept; run the same command again to go on from there");
  } catch (const std::exception& error) {
    record_failure(workspace, run, Error(Code::internal, error.what()));
    throw;
  }
  workspace.ledger().end_run(run, end.status, end.report);
}

}  // namespace gristmill
