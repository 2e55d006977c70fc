// What differs between two runs: tasks, rows, scores.
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/run_text.h"
#include "cli/verb.h"
#include "pipeline/paired_scores.h"

namespace gristmill {
namespace {

using nlohmann::json;

// The tasks of a run by kind and name. What only old runs used, gc has forgotten.
struct RunTasks {
  std::map<std::pair<std::string, std::string>, TaskRecord> tasks;
  bool whole = true;
};

RunTasks tasks_of(Ledger& ledger, const RunRecord& run) {
  RunTasks out;
  for (const auto& step : run.steps) {
    if (auto task = ledger.find(step.task)) {
      std::pair name(task->kind, task->name);
      out.tasks[std::move(name)] = std::move(*task);
    } else {
      out.whole = false;
    }
  }
  return out;
}

struct TaskChange {
  std::string kind, name, text;
  std::vector<std::string> what;  // that differs, where both runs have it
};

std::vector<TaskChange> changes(const RunTasks& a, const RunTasks& b) {
  auto only_in = [](const char* run, const RunTasks& other) {
    return other.whole ? fmt::format("only in {}", run)
                       : fmt::format("in {}; gc has removed it, or another, of the other run", run);
  };
  std::vector<TaskChange> out;
  for (const auto& [name, task] : b.tasks) {
    const auto before = a.tasks.find(name);
    if (before == a.tasks.end()) {
      out.push_back({task.kind, task.name, only_in("B", a), {}});
    } else if (before->second.key() != task.key()) {
      const std::vector<std::string> what = differences(before->second, task);
      out.push_back({task.kind, task.name, fmt::format("{}", fmt::join(what, ", ")), what});
    }
  }
  for (const auto& [name, task] : a.tasks) {
    if (b.tasks.count(name) == 0) out.push_back({task.kind, task.name, only_in("A", b), {}});
  }
  return out;
}

// metric name → value, of the best or each model.
std::map<std::string, double> metrics_of(const RunRecord& run) {
  std::map<std::string, double> out;
  if (!run.report.contains("predictions")) return out;
  for (const auto& [name, prediction] : run.report.at("predictions").items()) {
    for (const auto& model : prediction.at("models")) {
      for (const char* fold : {"validate", "test"}) {
        for (const auto& [metric, value] : model.at(fold).items()) {
          if (value.is_number())
            out[fmt::format("{}/{} {} {}", name, model.at("name").get<std::string>(), metric,
                            fold)] = value.get<double>();
        }
      }
    }
    for (const auto& [key, value] : prediction.at("rows").items())
      out[fmt::format("{} rows {}", name, key)] = value.get<double>();
  }
  return out;
}

struct ScoreChange {
  std::string name;
  std::optional<double> a, b;
};

std::vector<ScoreChange> score_changes(const RunRecord& a, const RunRecord& b) {
  const auto in_a = metrics_of(a), in_b = metrics_of(b);
  std::set<std::string> names;
  for (const auto& [name, unused] : in_a) names.insert(name);
  for (const auto& [name, unused] : in_b) names.insert(name);
  auto find = [](const auto& metrics, const std::string& name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<ScoreChange> out;
  for (const std::string& name : names) out.push_back({name, find(in_a, name), find(in_b, name)});
  return out;
}

// By prediction that both runs made a bundle for: paired_scores(), where the bundles differ.
json pairs(const RunTasks& a, const RunTasks& b, const Store& store) {
  json out = json::object();
  for (const auto& [name, task] : b.tasks) {
    const auto before = a.tasks.find(name);
    if (task.kind != "bundle" || before == a.tasks.end() || before->second.output == task.output)
      continue;
    const fs::path in_a = store.path_of(before->second.output), in_b = store.path_of(task.output);
    if (disk().exists(in_a) && disk().exists(in_b))
      out[task.name] = paired_scores(*Bundle::open(in_a), *Bundle::open(in_b), store);
  }
  return out;
}

void print_json(const RunRecord& a, const RunRecord& b, const std::vector<TaskChange>& tasks,
                const std::vector<ScoreChange>& scores, const json& paired) {
  auto value = [](std::optional<double> score) { return score ? json(*score) : json(); };
  json changed = json::array(), metrics = json::object();
  for (const TaskChange& task : tasks)
    changed.push_back({{"kind", task.kind}, {"name", task.name}, {"changed", task.what}});
  for (const ScoreChange& score : scores)
    metrics[score.name] = {{"a", value(score.a)}, {"b", value(score.b)}};
  const json out = {
      {"a", a.id}, {"b", b.id}, {"tasks", changed}, {"metrics", metrics}, {"paired", paired}};
  fmt::print("{}\n", out.dump(2));
}

// Rows are whole numbers, scores hardly ever.
std::string number_of(double value) {
  return value == std::round(value) && std::abs(value) > 1 ? grouped(int64_t(value))
                                                           : score_text(value);
}
std::string signed_number(double value) {
  return (value < 0 ? "−" : "+") + number_of(std::abs(value));
}

std::string paired_text(const std::string& name, const json& paired) {
  if (paired.contains("reason"))
    return fmt::format("{}: the models are not compared row by row: {}\n", name,
                       paired.at("reason").get<std::string>());
  const Interval interval = Interval::from_json(paired.at("interval"));
  return fmt::format(
      "{}: {} on the {} test rows{} that both answered: A {}, B {}, B − A {} ({}){}\n", name,
      paired.at("metric").get<std::string>(), grouped(paired.at("rows").get<int64_t>()),
      paired.at("first_fold").get<bool>() ? " of the first fold" : "",
      score_text(paired.at("a").get<double>()), score_text(paired.at("b").get<double>()),
      signed_number(paired.at("difference").get<double>()), interval_text(interval),
      interval.low <= 0 && interval.high >= 0 ? ", which may be chance" : "");
}

void print_text(const RunRecord& a, const RunRecord& b, const std::vector<TaskChange>& tasks,
                const std::vector<ScoreChange>& scores, const json& paired) {
  auto value = [](std::optional<double> score) { return score ? number_of(*score) : ""; };
  std::vector<std::vector<std::string>> task_rows, score_rows;
  for (const TaskChange& task : tasks) task_rows.push_back({task.kind, task.name, task.text});
  for (const ScoreChange& score : scores) {
    if (score.a == score.b) continue;
    const bool both = score.a && score.b;
    score_rows.push_back({score.name, value(score.a), value(score.b),
                          both ? signed_number(*score.b - *score.a) : ""});
  }
  fmt::print("A {}  B {}\n", a.id, b.id);
  fmt::print("{}", task_rows.empty()
                       ? "the same tasks\n"
                       : "\n" + text_table({"task", "name", "what differs"}, task_rows));
  if (!score_rows.empty()) fmt::print("\n{}", text_table({"", "A", "B", "B − A"}, score_rows));
  for (const auto& [name, one] : paired.items()) fmt::print("\n{}", paired_text(name, one));
}

void compare(const Invocation& call) {
  need_state(call.dir);
  Workspace workspace(call.dir);
  Ledger& ledger = workspace.ledger();
  const RunRecord a = ledger.run(call.value("A")), b = ledger.run(call.value("B"));
  const RunTasks tasks_a = tasks_of(ledger, a), tasks_b = tasks_of(ledger, b);
  (call.json ? print_json : print_text)(a, b, changes(tasks_a, tasks_b), score_changes(a, b),
                                        pairs(tasks_a, tasks_b, workspace.store()));
}

const RegisterVerb registration({
    .name = "compare",
    .text = "Show what differs between two runs: tasks, rows, scores",
    .options = {{.name = "A", .text = "A run's id, or `last`", .required = true},
                {.name = "B", .text = "Another", .required = true}},
    .json = true,
    .run = compare,
    .position = 12,
});

}  // namespace
}  // namespace gristmill
