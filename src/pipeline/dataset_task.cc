#include "pipeline/dataset_task.h"

#include <set>

#include <fmt/format.h>

#include "bundle/state_file.h"
#include "pipeline/bind_prediction.h"
#include "pipeline/fit_dataset.h"
#include "table/key.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Change when the same parameters over the same inputs give another result.
constexpr int dataset_version = 9;

constexpr std::string_view dataset_type = "application/vnd.gristmill.dataset.v1";
constexpr std::string_view fitted_type = "application/vnd.gristmill.fitted.v1";

// Rows kept in memory between passes.
constexpr int64_t cache_bytes = int64_t(512) << 20;

// All that a data set depends on, but for its table's content.
json dataset_what(const PredictSpec& spec, const std::vector<RuleSpec>& rules, const Wants& wants) {
  json encoders = json::object();
  for (const auto& [name, kind] : Encoders::instance()) encoders[name] = kind.version;
  json what = {{"version", dataset_version}, {"rules", rules_key(without_checks(rules))},
               {"encoders", encoders},       {"key", spec.key},
               {"time", spec.time},          {"target", spec.target},
               {"positive", spec.positive},  {"weight", spec.weight},
               {"exclude", spec.exclude},    {"inputs", spec.inputs},
               {"split", spec.split.json()}, {"features", spec.features},
               {"wants", wants.json()}};
  if (spec.from_many_files) what["from_many_files"] = true;
  return what;
}

// A table version's own key was checked when it was written; a prediction may name its rows by
// another.
void check_other_key(Engine& engine, const PredictSpec& spec, const TableHandle& table) {
  const std::set<std::string> key(spec.key.begin(), spec.key.end());
  const TableVersion& version = *table.version;
  if (key.empty() || key == std::set<std::string>(version.key.begin(), version.key.end())) return;
  told_at(spec.place("key"),
          [&] { check_key(engine, table.relation, spec.key, version.schema, spec.from); });
}

Executor::Made fit(const PredictSpec& spec, const std::vector<RuleSpec>& rules, const Wants& wants,
                   const TableHandle& table, Tables& tables, Executor& executor) {
  Workspace& workspace = executor.workspace();
  if (!leave_repeats_out(rules)) check_other_key(workspace.engine(), spec, table);
  ThreadPool pool;
  RowSource rows(
      table.version->schema,
      [&] { return read_version(workspace.engine(), workspace.store(), *table.version, {}); },
      cache_bytes, pool);
  const fs::path file = workspace.store().new_file();
  const FitRequest request{spec, rules, tables.rule_maker(spec.from), wants, file};
  FitResult result;
  try {
    result = fit_dataset(request, rows, executor.progress());
  } catch (...) {
    disk().remove(file);
    throw;
  }
  Manifest manifest{.artifact_type = std::string(dataset_type)};
  manifest.config = {{"table", table.need.digest->hex()}, {"content", result.dataset.hex()}};
  manifest.layers.push_back(workspace.store().publish(file, std::string(dataset_type)));
  manifest.layers.push_back(
      workspace.store().put(write_state_file(result.state()), std::string(fitted_type)));
  if (result.quarantine.rows() > 0)
    manifest.layers.push_back(
        result.quarantine.write(result.steps, workspace.engine(), workspace.store()));
  json facts = result.facts();
  facts["warnings"] = result.warnings(spec.from);
  facts["problem"] = name_of(result.signature.problem);
  return {workspace.store().put_manifest(manifest), facts};
}

const TableHandle& table_of(const PredictSpec& spec, Tables& tables) {
  return *told_at(spec.place("from"), [&] { return &tables.stored(spec.from); });
}

}  // namespace

std::vector<TaskNeed> make_tables(const Project& project, const PredictSpec& spec, Tables& tables) {
  std::vector<TaskNeed> needs = {table_of(spec, tables).need};
  tables.expect(spec.from);
  for (const RuleSpec& rule : project.rules_of(spec.from)) {
    for (TaskNeed& need : tables.reference_needs(rule)) needs.push_back(std::move(need));
  }
  return needs;
}

BuiltDataset build_dataset(const Project& project, const PredictSpec& spec, const Wants& wants,
                           Tables& tables, Executor& executor) {
  const std::vector<TaskNeed> needs = make_tables(project, spec, tables);
  const TableHandle& table = table_of(spec, tables);
  const std::vector<RuleSpec>& rules = project.rules_of(spec.from);
  const TaskResult result = executor.task(
      "dataset", spec.name + (wants.scaled ? "/scaled" : "/plain") + spec.split.title(),
      dataset_what(spec, rules, wants), needs,
      [&] { return fit(spec, rules, wants, table, tables, executor); });
  BuiltDataset built{.manifest = result.output, .facts = result.facts};
  if (!result.output) {
    bind_prediction(spec, rules, table.schema, tables.rule_maker(spec.from), wants);
    return built;
  }
  built.path = executor.workspace().store().path_of(
      executor.workspace().store().manifest(*result.output).layers.at(0).digest);
  return built;
}

TaskNeed dataset_need(const PredictSpec& spec, const std::optional<Digest>& manifest,
                      Executor& executor) {
  return {"dataset " + spec.name + spec.split.title(),
          manifest,
          {},
          {},
          [&store = executor.workspace().store(), manifest] {
            for (const Descriptor& layer : store.manifest(*manifest).layers)
              store.check(layer.digest);
          }};
}

Problem problem_of(const BuiltDataset& data) {
  return parse_problem(data.facts.at("problem").get<std::string>());
}

}  // namespace gristmill
