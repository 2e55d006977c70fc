#include "pipeline/recipe.h"

#include <algorithm>
#include <list>

#include <fmt/format.h>

#include "learn/learner.h"
#include "learn/metrics.h"
#include "pipeline/check_target.h"
#include "pipeline/feature_choices.h"
#include "pipeline/make_bundle.h"
#include "pipeline/model_task.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Change when the same parameters over the same inputs give another result.
constexpr int bundle_version = 8;

constexpr std::string_view bundle_type = "application/vnd.gristmill.bundle.v1";

std::map<std::string, Interval> intervals_of(const json& intervals) {
  std::map<std::string, Interval> out;
  for (const auto& [name, interval] : intervals.items()) out[name] = Interval::from_json(interval);
  return out;
}

// What is wrong with a later one of several folds says with which: the others were right.
template <class Work>
auto told_of(const SplitSpec& split, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != Code::invalid || split.number == 0) throw;
    throw Error(error.code(), error.message() + split.title(), error.where(), error.hint());
  }
}

// The data sets and models of one split.
class SplitModels {
 public:
  SplitModels(const Project& project, PredictSpec spec, Tables& tables, Executor& executor)
      : project_(project), spec_(std::move(spec)), tables_(tables), executor_(executor) {}

  std::vector<Candidate> train() {
    std::vector<Candidate> out;
    for (const ModelSpec& model : spec_.models) {
      const BuiltDataset& data = dataset(Learners::instance().get(model.learner, "model").wants);
      const MetricKind* metric = data.manifest ? &chosen_metric(spec_, problem_of(data)) : nullptr;
      out.push_back(search_model(spec_, model, data, metric, executor_));
    }
    const ModelSpec baseline{
        "baseline",
        "baseline",
        Params(spec_.loss, Learners::instance().get("baseline", "model").params, "baseline").json(),
        {},
        spec_.where};
    out.push_back(train_model(spec_, baseline, first(), executor_));
    return out;
  }

  const PredictSpec& spec() const { return spec_; }
  // Of the first model.
  const BuiltDataset& first() const { return datasets_.front().second; }
  // Learners that want the same features share a data set.
  const BuiltDataset& dataset(const Wants& wants) {
    for (const auto& [known, built] : datasets_) {
      if (known == wants) return built;
    }
    const BuiltDataset built = build_dataset(project_, spec_, wants, tables_, executor_);
    if (built.manifest) check_target(spec_, problem_of(built));  // or it fails after all training
    return datasets_.emplace_back(wants, built).second;
  }

 private:
  const Project& project_;
  PredictSpec spec_;
  Tables& tables_;
  Executor& executor_;
  std::list<std::pair<Wants, BuiltDataset>> datasets_;
};

// A prediction's split of that number.
PredictSpec with_split(PredictSpec spec, int number) {
  spec.split.number = number;
  return spec;
}

// Whether all are there; not so in a plan.
bool are_trained(const SplitCandidates& splits) {
  for (const auto& candidates : splits) {
    for (const Candidate& candidate : candidates) {
      if (!candidate.model) return false;
    }
  }
  return true;
}

// With what was chosen where it was validated.
json settled_params(const SplitCandidates& splits, size_t number) {
  const Candidate& chosen = splits.front()[number];
  const LearnerKind& kind = Learners::instance().get(chosen.learner, "model");
  json params = chosen.params;
  if (!kind.settled || !chosen.model) return params;
  std::vector<json> learned;
  for (const auto& candidates : splits) {
    if (candidates[number].model && candidates[number].params == chosen.params)
      learned.push_back(candidates[number].learned);
  }
  params.update(kind.settled(learned));
  return params;
}

// The model of that number again, on all rows.
Candidate learn_again(SplitModels& all_rows, const SplitCandidates& splits, size_t number,
                      Executor& executor) {
  const Candidate& chosen = splits.front()[number];
  const PredictSpec& spec = all_rows.spec();
  const ModelSpec model{
      .name = chosen.name,
      .learner = chosen.learner,
      .params = settled_params(splits, number),
      .where = number < spec.models.size() ? spec.models[number].where : spec.where};
  const Wants& wants = Learners::instance().get(model.learner, "model").wants;
  return train_model(spec, model, all_rows.dataset(wants), executor);
}

// What the bundle task gave.
void tell_outcome(const SplitCandidates& splits, const TaskResult& result,
                  PredictOutcome& outcome) {
  outcome.bundle = result.output;
  outcome.best = result.facts.at("best").get<std::string>();
  outcome.answers = result.facts.value("answers", json::object());
  outcome.metric = result.facts.at("metric").get<std::string>();
  outcome.evaluation = result.facts.at("evaluation");
  outcome.refit = result.facts.at("refit");
  for (const json& warning : result.facts.at("warnings"))
    outcome.dataset["warnings"].push_back(warning);
  for (size_t model = 0; model < splits.front().size(); ++model) {
    const Candidate& candidate = splits.front()[model];
    double seconds = 0;
    for (const auto& candidates : splits) seconds += candidates[model].seconds;
    outcome.models.push_back({candidate.name, mean_validate(splits, model),
                              scores_from(result.facts.at("test").at(candidate.name)), seconds,
                              intervals_of(result.facts.at("test_interval").at(candidate.name)),
                              candidate.learned});
    for (const json& warning : candidate.learned.value("warnings", json::array()))
      outcome.dataset["warnings"].push_back(
          fmt::format("{}: {}", candidate.name, warning.get<std::string>()));
  }
  outcome.baseline = std::move(outcome.models.back());
  outcome.models.pop_back();
}

json bundle_what(const PredictSpec& spec, const std::vector<Candidate>& candidates,
                 const std::vector<std::string>& null_texts) {
  json names = json::array();
  for (const Candidate& candidate : candidates) names.push_back(candidate.name);
  json what = {{"version", bundle_version},
               {"name", spec.name},
               {"metric", spec.metric},
               {"models", names},
               {"null_texts", null_texts}};
  if (!spec.asked.beside.empty()) what["scored"] = spec.asked.json();
  if (spec.decide) what["decide"] = spec.decide->json();
  if (spec.calibrate) what["calibrate"] = true;
  if (spec.interval) what["intervals"] = *spec.interval;
  if (spec.refit) what["refit"] = true;
  return what;
}

}  // namespace

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
  std::list<SplitModels> trained;
  SplitCandidates splits;
  for (int number = 0; number < spec.split.splits(); ++number) {
    SplitModels& models = trained.emplace_back(project, with_split(spec, number), tables, executor);
    splits.push_back(told_of(models.spec().split, [&] { return models.train(); }));
  }
  const BuiltDataset& data = trained.front().first();
  const MetricKind* metric = data.manifest ? &chosen_metric(spec, problem_of(data)) : nullptr;
  const size_t best = are_trained(splits) ? best_model(splits, *metric) : 0;
  std::optional<Candidate> refit;
  if (spec.refit) {
    PredictSpec again = with_split(spec, SplitSpec::all_rows);
    if (const auto& scored = splits.front()[best].dataset; scored)
      keep_choices(stored_fit(executor.workspace().store(), *scored).json.at("facts"), again);
    SplitModels all_rows(project, std::move(again), tables, executor);
    refit = told_of(all_rows.spec().split,
                    [&] { return learn_again(all_rows, splits, best, executor); });
  }

  std::vector<TaskNeed> needs;
  const auto need = [&](const PredictSpec& of, const Candidate& candidate) {
    needs.push_back(dataset_need(of, candidate.dataset, executor));
    needs.push_back({"model " + candidate.name + of.split.title(), candidate.model, {}});
  };
  for (size_t split = 0; split < splits.size(); ++split) {
    for (const Candidate& candidate : splits[split]) need(with_split(spec, int(split)), candidate);
  }
  if (refit) need(with_split(spec, SplitSpec::all_rows), *refit);
  const std::vector<std::string> null_texts = tables.null_texts(spec.from);
  const TaskResult result = executor.task(
      "bundle", spec.name, bundle_what(spec, splits.front(), null_texts), needs,
      [&]() -> Executor::Made {
        executor.progress().begin(fmt::format("{}: scoring", spec.name), 0, "models");
        MadeBundle made = make_bundle(spec, splits, best, refit ? &*refit : nullptr, *metric,
                                      null_texts, executor.workspace().store());
        executor.progress().end();
        const Descriptor blob =
            executor.workspace().store().put(made.bytes, std::string(bundle_type));
        json evaluation = made.evaluation.best;
        evaluation["next"] = made.evaluation.next;
        evaluation["drift"] = made.evaluation.drift;
        return {blob.digest,
                {{"best", splits.front()[best].name},
                 {"answers", made.answers},
                 {"metric", metric->name},
                 {"test", made.evaluation.test},
                 {"test_interval", made.evaluation.test_interval},
                 {"evaluation", evaluation},
                 {"refit", made.refit},
                 {"warnings", made.evaluation.warnings}}};
      });
  PredictOutcome outcome{.dataset = data.facts};
  if (result.output) tell_outcome(splits, result, outcome);
  return outcome;
}

}  // namespace gristmill
