#include "pipeline/run.h"

#include <algorithm>

#include "learn/metrics.h"
#include "pipeline/recorded_run.h"
#include "pipeline/stored_model.h"

namespace gristmill {
namespace {

// The test scores of the model that is served under this name; empty when there is none.
std::map<std::string, double> champion_scores(const std::string& name, Workspace& workspace) {
  const auto refs = workspace.ledger().refs();
  const auto served = refs.find("bundle/" + name);
  if (served == refs.end()) return {};
  return scores_from(stored_card(workspace.store(), served->second).at("test"));
}

// Puts the bundle where it is served from, or, where it is not accepted, aside.
fs::path publish(const PredictSpec& spec, PredictOutcome& made, Workspace& workspace) {
  if (!spec.accept.empty())
    made.accept = judge(spec.accept, made.scores_of_best(), champion_scores(spec.name, workspace));
  if (!is_accepted(made)) return workspace.reject_bundle(spec.name, *made.bundle);
  workspace.ledger().set_ref("bundle/" + spec.name, *made.bundle);
  return workspace.publish_bundle(spec.name, *made.bundle);
}

void run_all(const Project& project, const RunRequest& request, OpenSources& sources,
             Executor& executor, RunOutcome& outcome) {
  Tables tables(project, executor, request.frozen, sources);
  Checker checker(project, tables, executor);
  require_expectations(tables, checker);
  if (!request.frozen) tables.check_rules();
  std::vector<const PredictSpec*> wanted;
  for (const std::string& name : request.names) {
    const PredictSpec* spec = &project.predict(name);
    if (std::find(wanted.begin(), wanted.end(), spec) == wanted.end()) wanted.push_back(spec);
  }
  if (request.names.empty()) {
    for (const PredictSpec& spec : project.predicts) wanted.push_back(&spec);
  }
  // What is read of servers is read first, and nothing is kept open there while models are trained.
  for (const PredictSpec* spec : wanted) make_tables(project, *spec, tables);
  if (!request.plan_only && !wanted.empty()) executor.workspace().engine().leave_moments();
  for (const PredictSpec* spec : wanted) {
    outcome.predictions.emplace_back(spec->name, run_prediction(project, *spec, tables, executor));
    const auto& bundle = outcome.predictions.back().second.bundle;
    if (!bundle || request.plan_only) continue;  // what others see is run's to change
    outcome.bundles[spec->name] =
        publish(*spec, outcome.predictions.back().second, executor.workspace()).string();
  }
  if (wanted.empty()) {
    for (const auto& [name, unused] : project.tables) tables.cleaned(name);
  }
  for (const auto& [name, facts] : tables.facts()) outcome.tables.emplace_back(name, facts);
  outcome.checks = checker.results();
}

// What is misspelt anywhere is told before a row is read.
void check_names(const Project& project, const RunRequest& request, OpenSources& sources,
                 Workspace& workspace, Progress& progress) {
  Executor plan(workspace, progress, true, "");
  RunOutcome unused;
  run_all(project, {.names = request.names, .plan_only = true, .frozen = request.frozen}, sources,
          plan, unused);
}

}  // namespace

RunOutcome run_project(const Project& project, Workspace& workspace, const RunRequest& request,
                       Progress& progress) {
  RunOutcome outcome;
  if (project.predicts.empty() && project.tables.empty()) {
    throw Error(Code::invalid, "the project names no tables and nothing to predict",
                {.file = std::string(project_file)},
                "add `predict:` with a name, `from` and `target`");
  }
  OpenSources sources(project, workspace, progress);
  if (request.plan_only) {
    Executor executor(workspace, progress, true, "");
    run_all(project, request, sources, executor, outcome);
    outcome.steps = executor.steps();
    return outcome;
  }
  record_run(workspace, progress, request.command, [&](Executor& executor, const std::string& run) {
    outcome.run = run;
    check_names(project, request, sources, workspace, progress);
    run_all(project, request, sources, executor, outcome);
    outcome.steps = executor.steps();
    const bool accepted =
        std::all_of(outcome.predictions.begin(), outcome.predictions.end(),
                    [](const auto& prediction) { return is_accepted(prediction.second); });
    return RunEnd{accepted ? "done" : "rejected", outcome.json()};
  });
  return outcome;
}

nlohmann::json RunOutcome::json() const {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [name, prediction] : predictions) {
    nlohmann::json models = nlohmann::json::array();
    for (const ModelOutcome& model : prediction.models) {
      nlohmann::json intervals = nlohmann::json::object();
      for (const auto& [metric, interval] : model.test_interval)
        intervals[metric] = interval.json();
      models.push_back({{"name", model.name},
                        {"validate", scores_json(model.validate)},
                        {"test", scores_json(model.test)},
                        {"test_interval", intervals},
                        {"learned", model.learned},
                        {"seconds", model.seconds}});
    }
    nlohmann::json verdicts = nlohmann::json::array();
    for (const Verdict& verdict : prediction.accept) verdicts.push_back(verdict.json());
    auto bundle = bundles.find(name);
    all[name] = {
        {"rows", prediction.dataset.at("rows")},
        {"split", prediction.dataset.at("split")},
        {"quarantine", prediction.dataset.at("quarantine")},
        {"warnings", prediction.dataset.at("warnings")},
        {"left_out", prediction.dataset.at("left_out")},
        {"features", prediction.dataset.at("features")},
        {"rules", prediction.dataset.at("rules")},
        {"metric", prediction.metric},
        {"models", models},
        {"baseline",
         {{"validate", scores_json(prediction.baseline.validate)},
          {"test", scores_json(prediction.baseline.test)}}},
        {"best", prediction.best},
        {"answers", prediction.answers},
        {"accepted", is_accepted(prediction)},
        {"accept", verdicts},
        {"evaluation", prediction.evaluation},
        {"refit", prediction.refit},
        {"bundle", bundle == bundles.end() ? nlohmann::json() : nlohmann::json(bundle->second)}};
  }
  nlohmann::json by_table = nlohmann::json::object();
  for (const auto& [name, facts] : tables) by_table[name] = facts;
  nlohmann::json all_checks = nlohmann::json::array();
  for (const CheckedTable& checked : checks) all_checks.push_back(checked.json());
  return {{"run", run},
          {"tasks",
           {{"ran", count_fates(steps, TaskStep::Fate::ran)},
            {"reused", count_fates(steps, TaskStep::Fate::reused)}}},
          {"tables", by_table},
          {"checks", all_checks},
          {"predictions", all}};
}

nlohmann::json RunOutcome::plan_json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const TaskStep& step : steps) {
    list.push_back({{"kind", step.kind},
                    {"name", step.name},
                    {"fate", name_of(step.fate)},
                    {"reason", step.reason}});
  }
  return {{"tasks", list}};
}

}  // namespace gristmill
