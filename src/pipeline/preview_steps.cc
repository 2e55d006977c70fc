#include "pipeline/preview_steps.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/fold_rows.h"
#include "pipeline/label_filters.h"

namespace gristmill {
namespace {

// Rows kept in memory between the passes of fitting.
constexpr int64_t cache_bytes = int64_t(256) << 20;

// Without checks, which change nothing; each condition of a `drop` on its own.
std::vector<RuleSpec> rules_to_run(const std::vector<RuleSpec>& rules) {
  std::vector<RuleSpec> out;
  for (const RuleSpec& rule : rules) {
    const RuleKind& kind = Rules::instance().get(rule.kind, "rule");
    if (kind.stage == RuleStage::check) continue;
    if (rule.kind != "drop" || !rule.params.is_array()) {
      out.push_back(rule);
      continue;
    }
    for (const auto& condition : rule.params) {
      out.push_back(rule);
      out.back().params = condition;
    }
  }
  return out;
}

class StepMaker {
 public:
  StepMaker(const std::string& table, const std::vector<int>& wanted, const Schema& schema,
            const RuleMaker& maker)
      : table_(table), wanted_(wanted), schema_(schema), maker_(maker) {}

  void add(const RuleSpec& spec, std::shared_ptr<Rule> rule) {
    const RuleKind& kind = Rules::instance().get(spec.kind, "rule");
    Schema after = rule->bind(schema_);
    made_.steps.push_back({spec, kind.stage, std::move(rule), schema_, after});
    schema_ = std::move(after);
  }

  void in_order(const std::vector<RuleSpec>& rules, const OpenRows& open) {
    for (const RuleSpec& rule : rules) {
      made_.steps.push_back(make_step(rule, table_, maker_, schema_, made_.steps, open));
      schema_ = made_.steps.back().after;
    }
  }

  void as_predicted(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                    const OpenRows& open, Progress& progress) {
    LabelStage labels(spec, rules, schema_, maker_);
    ThreadPool pool;
    RowSource source(schema_, open, cache_bytes, pool);
    add_chain(labels.cell_rules(), labels.rules());
    const bool fit = wants_any(labels.later_rules());
    if (fit || wants_any(labels.filter_rules())) fit_filters(labels, source, progress, spec.name);
    for (size_t i = 0; i < labels.filters().size() && labels.filters()[i] != nullptr; ++i)
      add(labels.filter_rules()[i], labels.filters()[i]);
    if (!fit) return;
    const LabelFindings found = find_labels(spec, labels, source, progress);
    FoldRows folds(spec, labels, found, source, progress);
    RuleChain later(labels.rules().output(), {});
    fit_rules(labels.later_rules(), labels.maker(), folds.training_pass(), later);
    add_chain(labels.later_rules(), later);
    made_.fitted_on = spec.name;
  }

  RuleSteps finish() {
    while (!made_.steps.empty() && !is_wanted(made_.steps.back().spec)) made_.steps.pop_back();
    return std::move(made_);
  }

 private:
  bool is_wanted(const RuleSpec& rule) const {
    return std::find(wanted_.begin(), wanted_.end(), rule.number) != wanted_.end();
  }
  bool wants_any(const std::vector<RuleSpec>& rules) const {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const RuleSpec& rule) { return is_wanted(rule); });
  }
  void add_chain(const std::vector<RuleSpec>& specs, const RuleChain& chain) {
    for (size_t i = 0; i < specs.size(); ++i) {
      const RuleChain::Step& step = chain.steps()[i];
      add(specs[i], Rules::instance().get(step.kind, "rule").load(step.rule->save()));
    }
  }

  const std::string& table_;
  const std::vector<int>& wanted_;
  Schema schema_;
  const RuleMaker& maker_;
  RuleSteps made_;
};

}  // namespace

std::unique_ptr<BatchReader> open_table(const TableHandle& table, Workspace& workspace) {
  Engine& engine = workspace.engine();
  if (!table.version) return engine.query("SELECT * FROM " + table.relation);
  return read_version(engine, workspace.store(), *table.version, {});
}

RuleSteps make_rule_steps(const Project& project, const std::string& table,
                          const std::vector<int>& wanted, const TableHandle& before, Tables& tables,
                          Executor& executor) {
  const std::vector<RuleSpec> rules = rules_to_run(project.rules_of(table));
  const RuleMaker maker = tables.rule_maker(table);
  StepMaker steps(table, wanted, before.schema, maker);
  const auto spec = std::find_if(project.predicts.begin(), project.predicts.end(),
                                 [&](const PredictSpec& one) { return one.from == table; });
  if (spec == project.predicts.end()) {
    steps.in_order(rules, [&] { return open_table(before, executor.workspace()); });
  } else {
    steps.as_predicted(
        *spec, rules, [&] { return open_table(before, executor.workspace()); },
        executor.progress());
  }
  return steps.finish();
}

}  // namespace gristmill
