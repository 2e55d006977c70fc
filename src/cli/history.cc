// The verbs over what was done: runs, show RUN, why, gc.
#include <cstdio>
#include <ctime>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/run_text.h"
#include "cli/verb.h"

namespace gristmill {

std::string time_text(int64_t seconds) {
  return seconds == 0 ? "" : fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(std::time_t(seconds)));
}

void need_state(const fs::path& dir) {
  if (disk().exists(Workspace::state_dir(dir))) return;
  throw Error(Code::not_found, fmt::format("nothing was run in `{}` yet", dir.string()), {},
              "gristmill run");
}

namespace {

using nlohmann::json;

json run_json(const RunRecord& run) {
  return {{"run", run.id},        {"started", run.started}, {"ended", run.ended},
          {"status", run.status}, {"command", run.command}, {"report", run.report}};
}

// Whether it was killed is known when the next one begins.
std::string status_text(const RunRecord& run) {
  return run.status == "running" ? "running or killed" : run.status;
}

std::string best_text(const RunRecord& run) {
  std::vector<std::string> parts;
  if (!run.report.contains("predictions")) {
    if (!run.report.contains("error")) return {};
    const std::string message = run.report["error"].value("message", "");
    return message.substr(0, message.find('\n'));
  }
  for (const auto& [name, prediction] : run.report.at("predictions").items()) {
    const std::string best = prediction.value("best", ""), metric = prediction.value("metric", "");
    for (const auto& model : prediction.at("models")) {
      if (model.at("name") == best && model.at("test").contains(metric) &&
          !model.at("test").at(metric).is_null()) {
        parts.push_back(fmt::format("{}: {} {} {}", name, best, metric,
                                    score_text(model.at("test").at(metric).get<double>())));
      }
    }
    if (best == "baseline") parts.push_back(fmt::format("{}: no model beats the baseline", name));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void runs(const Invocation& call) {
  need_state(call.dir);
  Workspace workspace(call.dir);
  const auto all = workspace.ledger().runs(int(call.integer("number", 20)));
  if (call.json) {
    json list = json::array();
    for (const RunRecord& run : all) list.push_back(run_json(run));
    fmt::print("{}\n", json{{"runs", list}}.dump(2));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const RunRecord& run : all) {
    rows.push_back({run.id, time_text(run.started),
                    run.ended == 0 ? "" : fmt::format("{} s", run.ended - run.started),
                    status_text(run), best_text(run)});
  }
  fmt::print("{}", text_table({"run", "started (UTC)", "took", "status", "result on test"}, rows));
}

const RegisterVerb runs_registration({
    .name = "runs",
    .text = "List what was run, newest first",
    .options = {{.name = "-n,--number", .value = "N", .text = "So many; 20 when not given"}},
    .json = true,
    .run = runs,
    .position = 10,
});

// The task that made a result: of the run itself where it did, for others may have come to the
// same.
std::optional<TaskRecord> maker_of(Workspace& workspace, const std::vector<TaskRecord>& run,
                                   const TaskInput& input) {
  for (const TaskRecord& task : run) {
    if (task.output == input.digest) return task;
  }
  auto maker = workspace.ledger().maker_of(input.digest);
  if (!maker && input.name.rfind("table ", 0) == 0)
    maker = workspace.ledger().table_of(input.digest);
  return maker;
}

// The tree of what a task was made from. `run`: the tasks of the run that is asked about.
void tell_lineage(Workspace& workspace, const std::vector<TaskRecord>& run, const TaskRecord& task,
                  int depth, std::set<std::string>& told, std::string& text, json& list) {
  const std::string indent(size_t(2 * depth), ' ');
  const std::string key = task.key().brief();
  const bool again = !told.insert(key).second;
  text += fmt::format("{}{} {}  task {}, output {}, {}{}\n", indent, task.kind, task.name, key,
                      task.output.brief(), time_text(task.created), again ? "  (above)" : "");
  if (again) return;
  json inputs = json::array();
  for (const TaskInput& input : task.inputs) {
    inputs.push_back({{"name", input.name}, {"digest", input.digest.hex()}});
    if (const json files = files_of(task, input.name); !files.empty())
      inputs.back()["files"] = files;
  }
  list.push_back({{"kind", task.kind},
                  {"name", task.name},
                  {"task", task.key().hex()},
                  {"output", task.output.hex()},
                  {"created", task.created},
                  {"inputs", inputs},
                  {"what", task.what}});
  for (const TaskInput& input : task.inputs) {
    if (const auto maker = maker_of(workspace, run, input)) {
      tell_lineage(workspace, run, *maker, depth + 1, told, text, list);
    } else {
      text += fmt::format("{}  {}  content {}\n", indent, input.name, input.digest.brief());
      for (const json& file : files_of(task, input.name)) {
        text +=
            fmt::format("{}    file {}  content {}\n", indent, file.at("path").get<std::string>(),
                        Digest::parse(file.at("digest").get<std::string>()).brief());
      }
    }
  }
}

void why(const Invocation& call) {
  need_state(call.dir);
  Workspace workspace(call.dir);
  const std::string given = call.value("RUN", "last");
  json list = json::array();
  std::string text;
  std::set<std::string> told;
  const RunRecord run = workspace.ledger().run(given);
  text += fmt::format("run {}: {}\n", run.id, status_text(run));
  std::vector<TaskRecord> tasks, ends;
  for (const auto& step : run.steps) {
    if (const auto task = workspace.ledger().find(step.task)) tasks.push_back(*task);
  }
  std::copy_if(tasks.begin(), tasks.end(), std::back_inserter(ends),
               [](const TaskRecord& task) { return task.kind == "bundle"; });
  for (const TaskRecord& task : ends.empty() ? tasks : ends)
    tell_lineage(workspace, tasks, task, 0, told, text, list);
  if (call.json) {
    fmt::print("{}\n", json{{"run", run.id}, {"tasks", list}}.dump(2));
  } else {
    fmt::print("{}", text);
  }
}

const RegisterVerb why_registration({
    .name = "why",
    .text = "Show what a run's results were made from, back to the files",
    .options = {{.name = "RUN", .text = "A run's id; the last one when not given"}},
    .json = true,
    .run = why,
    .position = 13,
});

void gc(const Invocation& call) {
  need_state(call.dir);
  Workspace workspace(call.dir);
  workspace.keep_others_out(*call.progress);
  const bool dry = call.has("dry-run");
  if (!dry) workspace.remove_left_behind();
  const int64_t keep_runs = call.integer("keep", 10);
  if (keep_runs < 1) throw Error(Code::usage, "--keep takes at least 1");
  std::set<Digest> tasks;
  std::vector<Digest> roots;
  for (const RunRecord& run : workspace.ledger().runs(int(keep_runs))) {
    for (const auto& step : workspace.ledger().run(run.id).steps) tasks.insert(step.task);
  }
  for (const Digest& key : tasks) {
    if (const auto task = workspace.ledger().find(key)) roots.push_back(task->output);
  }
  for (const auto& [name, digest] : workspace.ledger().refs()) roots.push_back(digest);
  if (!dry) workspace.ledger().forget_tasks_except({tasks.begin(), tasks.end()});
  const Store::Collected collected = workspace.store().collect(roots, dry);
  if (call.json) {
    fmt::print("{}\n",
               json{{"removed", {{"blobs", collected.blobs}, {"bytes", collected.bytes}}},
                    {"kept", {{"blobs", collected.kept_blobs}, {"bytes", collected.kept_bytes}}},
                    {"dry_run", dry}}
                   .dump(2));
    return;
  }
  fmt::print("{} {} blobs, {}; kept {} blobs, {}\n", dry ? "would remove" : "removed",
             grouped(collected.blobs), bytes_text(collected.bytes), grouped(collected.kept_blobs),
             bytes_text(collected.kept_bytes));
}

const RegisterVerb gc_registration({
    .name = "gc",
    .text = "Remove stored results that only older runs used, and what killed runs left",
    .options = {{.name = "--keep",
                 .value = "N",
                 .text = "Keep the results of the last N runs; 10 when not given"},
                {.name = "--dry-run", .text = "Only say what would be removed"}},
    .json = true,
    .run = gc,
    .position = 14,
});

}  // namespace

json run_facts(Workspace& workspace, const RunRecord& run) {
  json tasks = json::array();
  for (const auto& step : run.steps) {
    const auto task = workspace.ledger().find(step.task);
    if (!task) continue;
    tasks.push_back({{"kind", task->kind},
                     {"name", task->name},
                     {"reused", step.reused},
                     {"seconds", task->seconds},
                     {"output", task->output.hex()}});
  }
  json out = run_json(run);
  out["tasks"] = std::move(tasks);
  return out;
}

void show_run(const Invocation& call, Workspace& workspace, const RunRecord& run) {
  const json facts = run_facts(workspace, run);
  if (call.json) {
    fmt::print("{}\n", facts.dump(2));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& task : facts.at("tasks")) {
    const bool reused = task.at("reused").get<bool>();
    rows.push_back({reused ? "reused" : "ran", task.at("kind").get<std::string>(),
                    task.at("name").get<std::string>(),
                    reused ? "" : fmt::format("{:.1f} s", task.at("seconds").get<double>()),
                    Digest::parse(task.at("output").get<std::string>()).brief()});
  }
  fmt::print("run {}: {}, started {} UTC\n", run.id, status_text(run), time_text(run.started));
  if (run.report.contains("error"))
    fmt::print("error: {}\n", run.report["error"].value("message", ""));
  fmt::print("{}", text_table({"", "task", "name", "took", "output"}, rows));
  const std::string best = best_text(run);
  if (!best.empty() && !run.report.contains("error")) fmt::print("{}\n", best);
}

}  // namespace gristmill
