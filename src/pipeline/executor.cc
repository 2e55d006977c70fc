#include "pipeline/executor.h"

#include <algorithm>
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

int count_fates(const std::vector<TaskStep>& steps, TaskStep::Fate fate) {
  return int(std::count_if(steps.begin(), steps.end(),
                           [&](const TaskStep& step) { return step.fate == fate; }));
}

namespace {

// Beside the facts of a recorded task, by the name of the input.
constexpr const char* files_key = "files";

nlohmann::json with_files(nlohmann::json facts, const std::vector<TaskNeed>& needs) {
  for (const TaskNeed& need : needs) {
    for (const FileContent& file : need.files)
      facts[files_key][need.name].push_back({{"path", file.path}, {"digest", file.digest.hex()}});
  }
  return facts;
}

nlohmann::json without_files(nlohmann::json facts) {
  if (facts.is_object()) facts.erase(files_key);
  return facts;
}

}  // namespace

nlohmann::json files_of(const TaskRecord& task, const std::string& input) {
  if (!task.facts.contains(files_key)) return nlohmann::json::array();
  return task.facts.at(files_key).value(input, nlohmann::json::array());
}

Executor::Executor(Workspace& workspace, Progress& progress, bool plan_only, std::string run)
    : workspace_(workspace), progress_(progress), plan_only_(plan_only), run_(std::move(run)) {}

// Compares with the task that had this name last.
std::string Executor::why(const TaskRecord& task, const std::vector<TaskNeed>& needs) {
  const auto before = workspace_.ledger().latest(task.kind, task.name);
  if (!before) return "never run";
  const std::vector<std::string> changed = differences(*before, task);
  if (changed.empty()) return "its result is no longer there, or damaged";
  std::string reread, others;
  for (const std::string& name : changed) {
    const bool again = std::any_of(needs.begin(), needs.end(), [&](const TaskNeed& need) {
      return need.reread && need.name == name;
    });
    std::string& list = again ? reread : others;
    list += (list.empty() ? "" : ", ") + name;
  }
  if (!others.empty()) others += " changed";
  if (!reread.empty()) others += (others.empty() ? "" : "; ") + reread + " is read again";
  return others;
}

void Executor::check_unchanged(const TaskRecord& task, const std::vector<TaskNeed>& needs) {
  for (const TaskNeed& need : needs) {
    if (!need.now || need.now() == *need.digest) continue;
    throw Error(Code::conflict,
                fmt::format("{} changed while {} {} was made", need.name, task.kind, task.name), {},
                "wait until its writer is done, then run again");
  }
}

// A file that changes under its reader makes odd errors: what changed is the better one.
Executor::Made Executor::undisturbed(const TaskRecord& task, const std::vector<TaskNeed>& needs,
                                     const std::function<Made()>& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != Code::interrupted) check_unchanged(task, needs);
    throw;
  }
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
      found && workspace_.store().complete(found->output)) {
    steps_.push_back({kind, name, TaskStep::Fate::reused, "", 0});
    if (!plan_only_) workspace_.ledger().name(kind, name, key);
    if (!run_.empty()) workspace_.ledger().add_step(run_, key, true);
    return {found->output, without_files(found->facts), found->seconds};
  }
  const std::string reason = why(task, needs);
  if (plan_only_) {
    steps_.push_back({kind, name, TaskStep::Fate::would_run, reason});
    return {};
  }
  check_interrupted();
  const auto start = std::chrono::steady_clock::now();
  for (const TaskNeed& need : needs) {
    if (need.whole) need.whole();
  }
  Made made = undisturbed(task, needs, work);
  check_unchanged(task, needs);
  task.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  task.output = made.output;
  task.facts = with_files(made.facts, needs);
  workspace_.ledger().record(task);
  if (!run_.empty()) workspace_.ledger().add_step(run_, key, false);
  steps_.push_back({kind, name, TaskStep::Fate::ran, reason, task.seconds});
  return {task.output, std::move(made.facts), task.seconds};
}

}  // namespace gristmill
