#include "pipeline/executor.h"

#include <chrono>

#include <fmt/format.h>

namespace gristmill {

std::string_view name_of(TaskStep::Fate fate) {
  switch (fate) {
    case TaskStep::Fate::reused:
      return "reused";
    case TaskStep::Fate::ran:
      return "ran";
    case TaskStep::Fate::would_run:
      return "would run";
    case TaskStep::Fate::may_run:
      return "may run";
  }
  return "";
}

Executor::Executor(Workspace& workspace, Progress& progress, bool plan_only, std::string run)
    : workspace_(workspace), progress_(progress), plan_only_(plan_only), run_(std::move(run)) {}

// Compares with the task of this name that was recorded last.
std::string Executor::why(const TaskRecord& task) {
  const auto before = workspace_.ledger().latest(task.kind, task.name);
  if (!before) return "never run";
  std::vector<std::string> changed;
  for (const auto& [key, value] : task.what.items()) {
    if (!before->what.contains(key) || before->what.at(key) != value) changed.push_back(key);
  }
  for (const TaskInput& input : task.inputs) {
    auto same = [&](const TaskInput& other) {
      return other.name == input.name && other.digest == input.digest;
    };
    if (std::none_of(before->inputs.begin(), before->inputs.end(), same))
      changed.push_back(input.name);
  }
  if (changed.empty()) return "its result is no longer there";
  return fmt::format("{} changed", fmt::join(changed, ", "));
}

TaskResult Executor::task(const std::string& kind, const std::string& name,
                          const nlohmann::json& what, const std::vector<TaskNeed>& needs,
                          const std::function<Made()>& work) {
  TaskRecord task{.kind = kind, .name = name, .what = what};
  for (const TaskNeed& need : needs) {
    if (!need.digest) {
      steps_.push_back(
          {kind, name, TaskStep::Fate::may_run, fmt::format("if {} comes out changed", need.name)});
      return {};
    }
    task.inputs.push_back({need.name, *need.digest});
  }
  const Digest key = task.key();
  if (const auto found = workspace_.ledger().find(key);
      found && workspace_.store().has(found->output)) {
    steps_.push_back({kind, name, TaskStep::Fate::reused, "", 0});
    if (!run_.empty()) workspace_.ledger().add_step(run_, key, true);
    return {found->output, found->facts, found->seconds};
  }
  const std::string reason = why(task);
  if (plan_only_) {
    steps_.push_back({kind, name, TaskStep::Fate::would_run, reason});
    return {};
  }
  check_interrupted();
  const auto start = std::chrono::steady_clock::now();
  Made made = work();
  task.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  task.output = made.output;
  task.facts = std::move(made.facts);
  workspace_.ledger().record(task);
  if (!run_.empty()) workspace_.ledger().add_step(run_, key, false);
  steps_.push_back({kind, name, TaskStep::Fate::ran, reason, task.seconds});
  return {task.output, task.facts, task.seconds};
}

int Executor::ran() const {
  return int(std::count_if(steps_.begin(), steps_.end(),
                           [](const TaskStep& step) { return step.fate == TaskStep::Fate::ran; }));
}

int Executor::reused() const {
  return int(std::count_if(steps_.begin(), steps_.end(), [](const TaskStep& step) {
    return step.fate == TaskStep::Fate::reused;
  }));
}

}  // namespace gristmill
