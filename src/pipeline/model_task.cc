#include "pipeline/model_task.h"

#include <fmt/format.h>

#include "bundle/state_file.h"
#include "learn/evaluate.h"
#include "learn/learner.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Change when the same parameters over the same inputs give another result.
constexpr int model_version = 1;

constexpr std::string_view model_type = "application/vnd.gristmill.model.v1";

Executor::Made train(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
                     Executor& executor) {
  const LearnerKind& kind = Learners::instance().get(model.learner, "model");
  const auto dataset = Dataset::open(data.path);
  TrainContext context{.seed = spec.seed, .threads = 0, .progress = executor.progress()};
  executor.progress().begin(fmt::format("{}: training {}", spec.name, model.name), 0, "rounds");
  const std::unique_ptr<Model> trained = told_at(model.where, [&] {
    return kind.train(*dataset, Params(model.params, kind.params, "model " + model.learner),
                      context);
  });
  executor.progress().end();
  json validate = json::object();
  if (dataset->fold_rows(Fold::validate) > 0)
    validate = scores_json(evaluate(*trained, *dataset, Fold::validate, 0, spec.asked));
  State outer;
  outer.json = {{"kind", trained->kind()}};
  outer.put_state("model", trained->save());
  const Descriptor blob =
      executor.workspace().store().put(write_state_file(outer), std::string(model_type));
  return {blob.digest, {{"validate", validate}, {"learned", context.learned}}};
}

void tell_memory(const LearnerKind& kind, const BuiltDataset& data, Executor& executor) {
  const auto dataset = Dataset::open(data.path);
  const int64_t rows = dataset->fold_rows(Fold::train) + dataset->fold_rows(Fold::validate);
  executor.add_reason(fmt::format("holds {} bytes of each of {} rows in memory",
                                  kind.bytes_per_row(dataset->info().layout), rows));
}

// Nothing where a later trial asks what the rows do not allow; what the project says must work.
std::optional<Candidate> try_trial(const PredictSpec& spec, const ModelSpec& trial,
                                   const BuiltDataset& data, Executor& executor, size_t number) {
  if (number == 1) return train_model(spec, trial, data, executor);
  try {
    return train_model(spec, trial, data, executor, fmt::format(", trial {}", number));
  } catch (const Error& error) {
    if (error.code() != Code::invalid) throw;
    return std::nullopt;
  }
}

}  // namespace

Candidate train_model(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
                      Executor& executor, const std::string& title) {
  const LearnerKind& kind = Learners::instance().get(model.learner, "model");
  json what = {{"version", model_version},
               {"learner", model.learner},
               {"learner_version", kind.version},
               {"params", model.params},
               {"seed", spec.seed}};
  if (!spec.asked.beside.empty()) what["scored"] = spec.asked.json();
  const TaskResult result =
      executor.task("model", spec.name + "/" + model.name + spec.split.title() + title, what,
                    {dataset_need(spec, data.manifest, executor)},
                    [&] { return train(spec, model, data, executor); });
  if (!result.output && data.manifest && kind.bytes_per_row) tell_memory(kind, data, executor);
  Candidate trained{.name = model.name,
                    .learner = model.learner,
                    .params = model.params,
                    .dataset = data.manifest,
                    .model = result.output,
                    .seconds = result.seconds};
  if (result.output) {
    trained.validate = scores_from(result.facts.at("validate"));
    trained.learned = result.facts.value("learned", json::object());
  }
  return trained;
}

Candidate search_model(const PredictSpec& spec, const ModelSpec& model, const BuiltDataset& data,
                       const MetricKind* metric, Executor& executor) {
  std::vector<SearchRange> ranges;
  for (const SearchRange& range : Learners::instance().get(model.learner, "model").search) {
    if (model.given.count(range.name) == 0) ranges.push_back(range);
  }
  Search search(std::move(ranges), spec.search, model.params, spec.seed);
  std::optional<Candidate> best;
  json changed, trials = json::array();
  double seconds = 0;
  while (!search.done()) {
    const json params = search.ask();
    ModelSpec trial = model;
    trial.params.update(params);
    std::optional<Candidate> trained = try_trial(spec, trial, data, executor, trials.size() + 1);
    if (!trained) {
      search.tell(NAN);
      trials.push_back({{"params", params}, {"score", nullptr}});
      continue;
    }
    Candidate& candidate = *trained;
    if (!candidate.model || metric == nullptr) {
      if (spec.search > 1)
        executor.add_reason(fmt::format("the search has {} trials", spec.search));
      return candidate;
    }
    const double score = candidate.validate.at(metric->name);
    search.tell(metric->higher_is_better ? -score : score);
    trials.push_back({{"params", params}, {"score", std::isfinite(score) ? json(score) : json()}});
    seconds += candidate.seconds;
    if (best && !better(*metric, score, best->validate.at(metric->name))) continue;
    best = std::move(candidate);
    changed = params;
  }
  best->seconds = seconds;
  if (trials.size() > 1)
    best->learned["search"] = {{"metric", metric->name}, {"params", changed}, {"trials", trials}};
  return *best;
}

}  // namespace gristmill
