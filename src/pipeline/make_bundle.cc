#include "pipeline/make_bundle.h"

#include <set>

#include "base/error.h"
#include "bundle/state_file.h"
#include "learn/bootstrap.h"
#include "learn/class_report.h"
#include "learn/evaluate.h"

namespace gristmill {
namespace {

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
  nlohmann::json intervals = nlohmann::json::object();
  for (const auto& [name, resampled] : resample(metrics_for(problem), scored, 0)) {
    scores[name] = resampled.score;
    intervals[name] = resampled.interval().json();
  }
  made.test[model] = scores_json(scores);
  made.test_interval[model] = intervals;
}

nlohmann::json importance_of(const Model& model, const FeatureLayout& layout) {
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

MadeBundle make_bundle(const std::string& name, const std::vector<Candidate>& candidates,
                       const MetricKind& metric, const std::vector<std::string>& null_texts,
                       const Store& store) {
  const Candidate* best = &candidates.front();
  for (const Candidate& candidate : candidates) {
    if (better(metric, candidate.validate.at(metric.name), best->validate.at(metric.name)))
      best = &candidate;
  }
  MadeBundle made{.best = best->name};
  for (const Candidate& candidate : candidates) {
    const Manifest manifest = store.manifest(*candidate.dataset);
    const auto dataset = Dataset::open(store.path_of(manifest.layers.at(0).digest));
    const auto model = load_model(store, *candidate.model, dataset->info().layout);
    const Predictions predictions(*model, *dataset, Fold::test, 0);
    score(candidate.name, predictions.scored(), dataset->info().problem, made);
    if (&candidate == best && dataset->info().problem != Problem::regression)
      made.evaluation = class_report(predictions.scored(), dataset->info().classes);
  }

  const Manifest manifest = store.manifest(*best->dataset);
  const State fitted = read_blob(store, manifest.layers.at(1).digest).state;
  Bundle bundle;
  bundle.name = name;
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
  const nlohmann::json facts = fitted.json.at("facts");
  bundle.card = {{"model", best->name},
                 {"metric", metric.name},
                 {"validate", scores_json(best->validate)},
                 {"test", made.test.at(best->name)},
                 {"test_interval", made.test_interval.at(best->name)},
                 {"evaluation", made.evaluation},
                 {"rows", facts.at("rows")},
                 {"split", facts.at("split")},
                 {"left_out", facts.at("left_out")},
                 {"importance", importance_of(*bundle.model, bundle.featurizer.layout())},
                 {"lineage",
                  {{"table", manifest.config.at("table")},
                   {"dataset", best->dataset->hex()},
                   {"model", best->model->hex()}}}};
  made.bytes = bundle.serialize();
  return made;
}

}  // namespace gristmill
