#include "pipeline/make_bundle.h"

#include <set>

#include "base/error.h"
#include "bundle/state_file.h"
#include "learn/bootstrap.h"
#include "learn/calibrate.h"
#include "learn/conformal.h"
#include "learn/evaluate.h"

namespace gristmill {
namespace {

using nlohmann::json;

StateFile read_blob(const Store& store, const Digest& digest) {
  auto file = std::make_shared<MappedFile>(store.path_of(digest));
  const std::string_view bytes = file->bytes();
  return read_state_file(std::move(file), bytes, digest.brief());
}

std::unique_ptr<Model> load_model(const Store& store, const Digest& digest,
                                  const FeatureLayout& layout) {
  const State state = read_blob(store, digest).state;
  return Models::instance()
      .get(state.at<std::string>("kind"), "model", Code::corrupt)
      .load(state.get_state("model"), layout);
}

// Walks the rules backwards from the columns that the encoders read: what is not needed is left
// out.
RuleChain narrowed(const RuleChain& rules, std::set<std::string> wanted,
                   const std::vector<std::string>& key, std::vector<SignatureField>& fields) {
  std::vector<RuleChain::Step> steps;
  for (size_t i = rules.steps().size(); i-- > 0;) {
    const auto& step = rules.steps()[i];
    std::set<std::string> made;
    for (const std::string& name : step.rule->writes()) {
      if (wanted.count(name) > 0) made.insert(name);
    }
    if (made.empty()) continue;
    for (const std::string& name : made) wanted.erase(name);
    for (const std::string& name : made) {
      for (const std::string& source : step.rule->reads_for(name)) wanted.insert(source);
    }
    auto rule = Rules::instance().get(step.kind, "rule").load(step.rule->save());
    rule->restrict_to(made);
    steps.insert(steps.begin(), RuleChain::Step{step.kind, std::move(rule)});
  }
  wanted.insert(key.begin(), key.end());
  std::erase_if(fields,
                [&](const SignatureField& field) { return wanted.count(field.field.name) == 0; });
  Schema input;
  for (const SignatureField& field : fields) input.add(field.field);
  return RuleChain(input, std::move(steps));
}

// All metrics of one model, and how sure they are.
void score(const std::string& model, const Scored& scored, Problem problem, MadeBundle& made) {
  std::map<std::string, double> scores;
  json intervals = json::object();
  for (const auto& [name, resampled] : resample(metrics_for(problem), scored, 0)) {
    scores[name] = resampled.score;
    intervals[name] = resampled.interval().json();
  }
  made.test[model] = scores_json(scores);
  made.test_interval[model] = intervals;
}

struct Loaded {
  std::shared_ptr<Dataset> data;
  std::unique_ptr<Model> model;
};

Loaded load(const Store& store, const Candidate& candidate) {
  Loaded out;
  out.data = Dataset::open(store.path_of(store.manifest(*candidate.dataset).layers.at(0).digest));
  out.model = load_model(store, *candidate.model, out.data->info().layout);
  return out;
}

Calibration calibration_of(const Loaded& best) {
  const Predictions validate(*best.model, *best.data, Fold::validate, 0);
  return fit_calibration(best.data->info().problem, validate.scored());
}

// What the validate rows settle of the answers, and what comes of it on the test rows.
void settle_answers(const PredictSpec& spec, const Loaded& best, Bundle& bundle, json& answers) {
  if (!spec.decide && !spec.interval) return;
  const Predictions validate(*best.model, *best.data, Fold::validate, 0);
  const Predictions test(*best.model, *best.data, Fold::test, 0);
  if (spec.decide) {
    try {
      bundle.threshold = choose_threshold(*spec.decide, validate.scored());
    } catch (const Error& error) {
      throw error.at(spec.place("decide"));
    }
    answers["decision"] = {
        {"by", spec.decide->json()},
        {"threshold", bundle.threshold},
        {"validate", decision_scores(*spec.decide, bundle.threshold, validate.scored())},
        {"test", decision_scores(*spec.decide, bundle.threshold, test.scored())}};
  }
  if (spec.interval) {
    try {
      bundle.interval = {*spec.interval, conformal_margin(validate.scored(), *spec.interval)};
    } catch (const Error& error) {
      throw error.at(spec.place("intervals"));
    }
    answers["interval"] = {{"level", bundle.interval->level},
                           {"margin", bundle.interval->margin},
                           {"coverage_test", coverage(test.scored(), bundle.interval->margin)}};
  }
}

json importance_of(const Model& model, const FeatureLayout& layout) {
  const std::vector<double> shares = model.importance();
  std::map<std::string, double> by_column;
  for (size_t i = 0; i < shares.size() && i < layout.specs.size(); ++i)
    by_column[layout.specs[i].source] += shares[i];
  return by_column;
}

}  // namespace

State fitted_state(const FitResult& result) {
  State state;
  state.json = {{"signature", result.signature.json()}, {"facts", result.facts()}};
  state.put_state("rules", result.rules.save());
  state.put_state("features", result.featurizer.save());
  return state;
}

MadeBundle make_bundle(const PredictSpec& spec, const std::vector<Candidate>& candidates,
                       const MetricKind& metric, const std::vector<std::string>& null_texts,
                       const Store& store) {
  const Candidate* best = &candidates.front();
  for (const Candidate& candidate : candidates) {
    if (better(metric, candidate.validate.at(metric.name), best->validate.at(metric.name)))
      best = &candidate;
  }
  MadeBundle made{.best = best->name};
  Bundle bundle;
  std::optional<Calibration> calibration;
  for (const Candidate& candidate : candidates) {
    Loaded loaded = load(store, candidate);
    if (&candidate == best && spec.calibrate) {
      calibration = calibration_of(loaded);
      loaded.model = make_calibrated(std::move(loaded.model), *calibration);
      made.answers["calibration"] = {{"slope", calibration->slope},
                                     {"offset", calibration->offset}};
    }
    if (&candidate == best) settle_answers(spec, loaded, bundle, made.answers);
    score(candidate.name, Predictions(*loaded.model, *loaded.data, Fold::test, 0).scored(),
          loaded.data->info().problem, made);
  }

  const Manifest manifest = store.manifest(*best->dataset);
  const State fitted = read_blob(store, manifest.layers.at(1).digest).state;
  bundle.name = spec.name;
  bundle.signature = Signature::from_json(fitted.json.at("signature"));
  bundle.signature.null_texts = null_texts;
  const RuleChain rules = RuleChain::load(fitted.get_state("rules"));
  const Featurizer featurizer = Featurizer::load(fitted.get_state("features"), rules.output());
  const std::vector<std::string> reads = featurizer.reads();
  const std::vector<std::string> table_columns = rules.input().names();
  bundle.rules = narrowed(rules, {reads.begin(), reads.end()}, bundle.signature.key(),
                          bundle.signature.fields);
  for (const std::string& column : table_columns) {
    if (bundle.rules.input().find(column) < 0) bundle.signature.ignored.push_back(column);
  }
  bundle.featurizer = Featurizer::load(fitted.get_state("features"), bundle.rules.output());
  bundle.model = load_model(store, *best->model, bundle.featurizer.layout());
  if (calibration) bundle.model = make_calibrated(std::move(bundle.model), *calibration);
  const json facts = fitted.json.at("facts");
  bundle.card = {{"model", best->name},
                 {"metric", metric.name},
                 {"validate", scores_json(best->validate)},
                 {"test", made.test.at(best->name)},
                 {"test_interval", made.test_interval.at(best->name)},
                 {"rows", facts.at("rows")},
                 {"split", facts.at("split")},
                 {"left_out", facts.at("left_out")},
                 {"importance", importance_of(*bundle.model, bundle.featurizer.layout())},
                 {"lineage",
                  {{"table", manifest.config.at("table")},
                   {"dataset", best->dataset->hex()},
                   {"model", best->model->hex()}}}};
  bundle.card.update(made.answers);
  made.bytes = bundle.serialize();
  return made;
}

}  // namespace gristmill
