// Tasks: done once, found again by their key; what ran, what was reused, and why.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "pipeline/workspace.h"

namespace gristmill {

// What a task made. An absent digest: unknown, for a plan only looks.
struct TaskResult {
  std::optional<Digest> output;
  nlohmann::json facts;
  double seconds = 0;
};

struct FileContent {
  std::string path;
  Digest digest;
};

struct TaskNeed {
  std::string name;                     // "table flights", "table ops.planes"
  std::optional<Digest> digest;         // absent: will be made anew
  std::function<Digest()> now;          // the digest again, of what others may change meanwhile
  std::vector<FileContent> files = {};  // that it is read from; recorded for the lineage
  std::function<void()> whole = {};     // before it is read: Code::corrupt when it is damaged
  bool reread = false;                  // read anew, for nothing tells whether it changed
};
// The files that a recorded task read for one of its inputs: [{"path", "digest"}].
nlohmann::json files_of(const TaskRecord& task, const std::string& input);

// One line of a plan or a run.
struct TaskStep {
  enum class Fate { reused, ran, would_run, may_run };
  std::string kind, name;
  Fate fate = Fate::reused;
  std::string reason;  // "rules changed", "never run"
  double seconds = 0;
};
std::string_view name_of(TaskStep::Fate fate);
int count_fates(const std::vector<TaskStep>& steps, TaskStep::Fate fate);

class Executor {
 public:
  // `plan_only`: nothing runs; tasks are looked up. `run`: the ledger's run, or "".
  Executor(Workspace& workspace, Progress& progress, bool plan_only, std::string run);

  struct Made {
    Digest output;
    nlohmann::json facts;
  };
  // Looks the task up by (kind, what, needs); runs `work` and records it when it is not there, or
  // when its output is no longer whole in the store. Needs are checked before `work` reads them.
  // Code::conflict, and nothing recorded, when a need changed while `work` read it.
  TaskResult task(const std::string& kind, const std::string& name, const nlohmann::json& what,
                  const std::vector<TaskNeed>& needs, const std::function<Made()>& work);

  bool plan_only() const { return plan_only_; }
  // Adds to the reason of the task that was asked for last.
  void add_reason(const std::string& text) { steps_.back().reason += "; " + text; }

  Workspace& workspace() { return workspace_; }
  Progress& progress() { return progress_; }
  const std::vector<TaskStep>& steps() const { return steps_; }

 private:
  std::string why(const TaskRecord& task, const std::vector<TaskNeed>& needs);
  static Made undisturbed(const TaskRecord& task, const std::vector<TaskNeed>& needs,
                          const std::function<Made()>& work);
  static void check_unchanged(const TaskRecord& task, const std::vector<TaskNeed>& needs);

  Workspace& workspace_;
  Progress& progress_;
  bool plan_only_;
  std::string run_;
  std::vector<TaskStep> steps_;
};

}  // namespace gristmill
