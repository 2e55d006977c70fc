#include "pipeline/make_bundle.h"

#include <set>

#include "base/error.h"

namespace gristmill {
namespace {

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

}  // namespace

MadeBundle make_bundle(const PredictSpec& spec, const SplitCandidates& splits, size_t best,
                       const Candidate* refit, const MetricKind& metric,
                       const std::vector<std::string>& null_texts, const Store& store) {
  const Candidate& scored = splits.front()[best];
  const Candidate& packed = refit != nullptr ? *refit : scored;
  Answering answering = settle_answers(spec, scored, store);
  MadeBundle made{.evaluation = evaluate_models(spec, splits, best, answering, metric, store)};
  made.answers = answering.facts;
  const Manifest manifest = store.manifest(*packed.dataset);
  const State fitted = stored_fit(store, *packed.dataset);
  Bundle bundle;
  bundle.name = spec.name;
  bundle.threshold = answering.threshold;
  bundle.interval = answering.interval;
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
  bundle.model = stored_model(store, *packed.model, bundle.featurizer.layout());
  if (answering.calibration)
    bundle.model = make_calibrated(std::move(bundle.model), *answering.calibration);
  const nlohmann::json facts = stored_fit(store, *scored.dataset).json.at("facts");
  bundle.card = {{"model", scored.name},
                 {"learner", scored.learner},
                 {"params", scored.params},
                 {"metric", metric.name},
                 {"scale", spec.asked.scale.json()},
                 {"validate", scores_json(mean_validate(splits, best))},
                 {"test", made.evaluation.test.at(scored.name)},
                 {"test_interval", made.evaluation.test_interval.at(scored.name)},
                 {"evaluation", made.evaluation.best},
                 {"learned", scored.learned},
                 {"rows", facts.at("rows")},
                 {"split", facts.at("split")},
                 {"left_out", fitted.json.at("facts").at("left_out")},
                 {"importance", importance_by_column(*bundle.model, bundle.featurizer.layout())},
                 {"lineage",
                  {{"table", manifest.config.at("table")},
                   {"dataset", scored.dataset->hex()},
                   {"model", scored.model->hex()}}}};
  bundle.card.update(made.answers);
  if (refit != nullptr)
    made.refit = {{"rows", fitted.json.at("facts").at("rows").at("train")},
                  {"params", refit->params},
                  {"dataset", refit->dataset->hex()},
                  {"model", refit->model->hex()}};
  bundle.card["refit"] = made.refit;
  made.bytes = bundle.serialize();
  return made;
}

}  // namespace gristmill
