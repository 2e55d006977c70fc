#include "pipeline/recipe.h"

#include <set>

#include <fmt/format.h>

#include "bundle/state_file.h"
#include "learn/class_weight.h"
#include "learn/evaluate.h"
#include "learn/learner.h"
#include "learn/loss.h"
#include "learn/metrics.h"
#include "pipeline/bind_prediction.h"
#include "pipeline/fit_dataset.h"
#include "pipeline/make_bundle.h"
#include "table/key.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Change when the same parameters over the same inputs give another result.
constexpr int dataset_version = 9;
constexpr int model_version = 1;
constexpr int bundle_version = 7;

constexpr std::string_view dataset_type = "application/vnd.gristmill.dataset.v1";
constexpr std::string_view fitted_type = "application/vnd.gristmill.fitted.v1";
constexpr std::string_view model_type = "application/vnd.gristmill.model.v1";
constexpr std::string_view bundle_type = "application/vnd.gristmill.bundle.v1";

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
      workspace.store().put(write_state_file(fitted_state(result)), std::string(fitted_type)));
  if (result.quarantine.rows() > 0)
    manifest.layers.push_back(
        result.quarantine.write(result.steps, workspace.engine(), workspace.store()));
  json facts = result.facts();
  facts["warnings"] = result.warnings(spec.from);
  facts["problem"] = name_of(result.signature.problem);
  return {workspace.store().put_manifest(manifest), facts};
}

struct Trained {
  std::optional<Digest> model;
  std::map<std::string, double> validate;
  double seconds = 0;
  json learned = json::object();  // TrainContext::learned
};

std::map<std::string, Interval> intervals_of(const json& intervals) {
  std::map<std::string, Interval> out;
  for (const auto& [name, interval] : intervals.items()) out[name] = Interval::from_json(interval);
  return out;
}

TaskNeed dataset_need(const PredictSpec& spec, const std::optional<Digest>& manifest,
                      Executor& executor) {
  return {
      "dataset " + spec.name, manifest, {}, {}, [&store = executor.workspace().store(), manifest] {
        for (const Descriptor& layer : store.manifest(*manifest).layers) store.check(layer.digest);
      }};
}

Trained train(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
              Executor& executor) {
  const LearnerKind& kind = Learners::instance().get(model.learner, "model");
  json what = {{"version", model_version},
               {"learner", model.learner},
               {"learner_version", kind.version},
               {"params", model.params},
               {"seed", spec.seed}};
  if (!spec.asked.beside.empty()) what["scored"] = spec.asked.json();
  const std::string name = spec.name + "/" + model.name;
  const TaskResult result = executor.task(
      "model", name, what, {dataset_need(spec, data.manifest, executor)}, [&]() -> Executor::Made {
        const auto dataset = Dataset::open(data.path);
        TrainContext context{.seed = spec.seed, .threads = 0, .progress = executor.progress()};
        executor.progress().begin(fmt::format("{}: training {}", spec.name, model.name), 0,
                                  "rounds");
        const std::unique_ptr<Model> trained = told_at(model.where, [&] {
          return kind.train(*dataset, Params(model.params, kind.params, "model " + model.learner),
                            context);
        });
        executor.progress().end();
        const json validate =
            scores_json(evaluate(*trained, *dataset, Fold::validate, 0, spec.asked));
        State state = trained->save();
        State outer;
        outer.json = {{"kind", trained->kind()}};
        outer.put_state("model", state);
        const Descriptor blob =
            executor.workspace().store().put(write_state_file(outer), std::string(model_type));
        return {blob.digest, {{"validate", validate}, {"learned", context.learned}}};
      });
  if (!result.output && data.manifest && kind.bytes_per_row) {
    const auto dataset = Dataset::open(data.path);
    const int64_t rows = dataset->fold_rows(Fold::train) + dataset->fold_rows(Fold::validate);
    executor.add_reason(fmt::format("holds {} bytes of each of {} rows in memory",
                                    kind.bytes_per_row(dataset->info().layout), rows));
  }
  Trained trained{.model = result.output, .seconds = result.seconds};
  if (result.output) {
    trained.validate = scores_from(result.facts.at("validate"));
    trained.learned = result.facts.value("learned", json::object());
  }
  return trained;
}

bool fits(const MetricKind& metric, Problem problem) {
  return std::find(metric.problems.begin(), metric.problems.end(), problem) !=
         metric.problems.end();
}

// What the answers are asked to be, against what they can be.
void check_answering(const PredictSpec& spec, Problem problem) {
  const auto refuse = [&](const char* member, const char* needs) {
    throw Error(Code::invalid,
                fmt::format("`{}` is for {}, and {} is a {} problem", member, needs, spec.name,
                            name_of(problem)),
                spec.place(member));
  };
  if (spec.decide && problem != Problem::binary) refuse("decide", "a yes or no");
  if (spec.calibrate && problem == Problem::regression) refuse("calibrate", "classes");
  if (spec.interval && problem != Problem::regression) refuse("intervals", "numbers");
  for (const AcceptCondition& condition : spec.accept) {
    if (!fits(Metrics::instance().get(condition.metric, "metric"), problem))
      refuse("accept", ("other metrics than " + condition.metric).c_str());
  }
}

// What a model asks for, against what the target is.
void check_models(const PredictSpec& spec, Problem problem) {
  for (const ModelSpec& model : spec.models) {
    const std::optional<Loss> loss = Loss::of(model.params);
    told_at(model.where, [&] {
      if (loss) check_loss_problem(*loss, problem);
      check_class_weight_problem(model.params, problem);
    });
  }
}

const MetricKind& chosen_metric(const PredictSpec& spec, Problem problem) {
  std::string name = spec.metric;
  if (name.empty() && !spec.loss.is_null()) name = Loss::of(spec.loss)->kind->metric;
  if (name.empty()) name = default_metric(problem);
  const MetricKind& metric = Metrics::instance().get(name, "metric");
  if (!fits(metric, problem)) {
    throw Error(Code::invalid,
                fmt::format("metric {} does not fit: {} is a {} problem", name, spec.name,
                            name_of(problem)),
                spec.place("metric"),
                fmt::format("`{}` does{}", default_metric(problem),
                            problem == Problem::regression
                                ? fmt::format("; for a yes or no, make the target a condition: "
                                              "`target: {} = 1`",
                                              spec.target)
                                : ""));
  }
  return metric;
}

Problem problem_of(const BuiltDataset& data) {
  return parse_problem(data.facts.at("problem").get<std::string>());
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
  const TaskResult result =
      executor.task("dataset", spec.name + (wants.scaled ? "/scaled" : "/plain"),
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

const std::map<std::string, double>& PredictOutcome::scores_of_best() const {
  for (const ModelOutcome& model : models) {
    if (model.name == best) return model.test;
  }
  return baseline.test;
}

bool is_accepted(const PredictOutcome& outcome) {
  return std::all_of(outcome.accept.begin(), outcome.accept.end(),
                     [](const Verdict& verdict) { return verdict.holds; });
}

PredictOutcome run_prediction(const Project& project, const PredictSpec& spec, Tables& tables,
                              Executor& executor) {
  PredictOutcome outcome;
  // Learners that want the same features share a data set.
  std::vector<std::pair<Wants, BuiltDataset>> datasets;
  auto dataset_for = [&](const Wants& wants) -> const BuiltDataset& {
    for (const auto& [known, built] : datasets) {
      if (known == wants) return built;
    }
    datasets.emplace_back(wants, build_dataset(project, spec, wants, tables, executor));
    const BuiltDataset& built = datasets.back().second;
    if (built.manifest) {  // or it fails after all training
      check_models(spec, problem_of(built));
      chosen_metric(spec, problem_of(built));
      check_answering(spec, problem_of(built));
    }
    return built;
  };
  std::vector<Candidate> candidates;
  datasets.reserve(spec.models.size());
  for (const ModelSpec& model : spec.models) {
    const BuiltDataset& data = dataset_for(Learners::instance().get(model.learner, "model").wants);
    const Trained trained = train(spec, model, data, executor);
    candidates.push_back({model.name, data.manifest, trained.model, trained.validate,
                          trained.seconds, trained.learned});
  }
  const ModelSpec baseline{
      "baseline", "baseline",
      Params(spec.loss, Learners::instance().get("baseline", "model").params, "baseline").json(),
      spec.where};
  const Trained floor = train(spec, baseline, datasets.front().second, executor);
  candidates.push_back(
      {"baseline", datasets.front().second.manifest, floor.model, floor.validate, floor.seconds});

  std::vector<TaskNeed> needs;
  for (const Candidate& candidate : candidates) {
    needs.push_back(dataset_need(spec, candidate.dataset, executor));
    needs.push_back({"model " + candidate.name, candidate.model, {}});
  }
  json names = json::array();
  for (const Candidate& candidate : candidates) names.push_back(candidate.name);
  const std::vector<std::string> null_texts = tables.null_texts(spec.from);
  json what = {{"version", bundle_version},
               {"name", spec.name},
               {"metric", spec.metric},
               {"models", names},
               {"null_texts", null_texts}};
  if (!spec.asked.beside.empty()) what["scored"] = spec.asked.json();
  if (spec.decide) what["decide"] = spec.decide->json();
  if (spec.calibrate) what["calibrate"] = true;
  if (spec.interval) what["intervals"] = *spec.interval;
  const TaskResult result =
      executor.task("bundle", spec.name, what, needs, [&]() -> Executor::Made {
        const MetricKind& metric = chosen_metric(spec, problem_of(datasets.front().second));
        executor.progress().begin(fmt::format("{}: scoring", spec.name), 0, "models");
        MadeBundle made =
            make_bundle(spec, candidates, metric, null_texts, executor.workspace().store());
        executor.progress().end();
        const Descriptor blob =
            executor.workspace().store().put(made.bytes, std::string(bundle_type));
        json evaluation = made.evaluation.best;
        evaluation["next"] = made.evaluation.next;
        evaluation["drift"] = made.evaluation.drift;
        return {blob.digest,
                {{"best", made.best},
                 {"answers", made.answers},
                 {"metric", metric.name},
                 {"test", made.evaluation.test},
                 {"test_interval", made.evaluation.test_interval},
                 {"evaluation", evaluation},
                 {"warnings", made.evaluation.warnings}}};
      });
  outcome.dataset = datasets.front().second.facts;
  if (!result.output) return outcome;
  outcome.bundle = result.output;
  outcome.best = result.facts.at("best").get<std::string>();
  outcome.answers = result.facts.value("answers", json::object());
  outcome.metric = result.facts.at("metric").get<std::string>();
  outcome.evaluation = result.facts.at("evaluation");
  for (const json& warning : result.facts.at("warnings"))
    outcome.dataset["warnings"].push_back(warning);
  for (const Candidate& candidate : candidates) {
    outcome.models.push_back(
        {candidate.name, candidate.validate,
         scores_from(result.facts.at("test").at(candidate.name)), candidate.seconds,
         intervals_of(result.facts.at("test_interval").at(candidate.name)), candidate.learned});
    for (const json& warning : candidate.learned.value("warnings", json::array()))
      outcome.dataset["warnings"].push_back(
          fmt::format("{}: {}", candidate.name, warning.get<std::string>()));
  }
  outcome.baseline = std::move(outcome.models.back());
  outcome.models.pop_back();
  return outcome;
}

}  // namespace gristmill
