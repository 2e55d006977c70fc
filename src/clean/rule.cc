#include "clean/rule.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"

namespace gristmill {

namespace {

using Examples = std::vector<RuleReport::Example>;

void merge_examples(Examples& examples, const Examples& later, size_t most) {
  for (const auto& example : later) {
    if (examples.size() >= most) break;
    examples.push_back(example);
  }
}

nlohmann::json examples_json(const Examples& examples) {
  nlohmann::json shown = nlohmann::json::array();
  for (const auto& e : examples)
    shown.push_back({{"row", row_number(e.row)},
                     {"column", e.column},
                     {"before", e.before},
                     {"after", e.after}});
  return shown;
}

Examples examples_from(const nlohmann::json& json) {
  Examples examples;
  for (const auto& e : json)
    examples.push_back(
        {e.at("row").get<int64_t>() - 1, e.at("column"), e.at("before"), e.at("after")});
  return examples;
}

}  // namespace

nlohmann::json RuleReport::choices_json(const std::vector<Choice>& choices) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& choice : choices) {
    nlohmann::json errors = nlohmann::json::array();
    for (const auto& [way, error] : choice.errors)
      errors.push_back({{"with", way}, {"error", error}});
    out.push_back({{"column", choice.column},
                   {"chosen", choice.chosen},
                   {"measure", choice.measure},
                   {"errors", std::move(errors)}});
  }
  return out;
}

std::vector<RuleReport::Choice> RuleReport::choices_from_json(const nlohmann::json& json) {
  std::vector<RuleReport::Choice> choices;
  for (const auto& saved : json) {
    choices.push_back({saved.at("column"), saved.at("chosen"), saved.at("measure"), {}});
    for (const auto& one : saved.at("errors"))
      // JSON has no number for an error beyond all numbers.
      choices.back().errors.emplace_back(
          one.at("with"), one.at("error").is_null() ? std::numeric_limits<double>::infinity()
                                                    : one.at("error").get<double>());
  }
  return choices;
}

void RuleReport::merge(const RuleReport& other) {
  rows += other.rows;
  rows_touched += other.rows_touched;
  cells_touched += other.cells_touched;
  cells_unmatched += other.cells_unmatched;
  cells_doubtful += other.cells_doubtful;
  merge_examples(examples, other.examples, max_examples);
  merge_examples(doubtful, other.doubtful, max_doubtful);
  if (choices.empty()) choices = other.choices;  // one fit, the same for all rows
}

nlohmann::json RuleReport::json() const {
  nlohmann::json json = {{"rows", rows},
                         {"rows_touched", rows_touched},
                         {"cells_touched", cells_touched},
                         {"cells_unmatched", cells_unmatched},
                         {"examples", examples_json(examples)}};
  if (cells_doubtful > 0) {
    json["cells_doubtful"] = cells_doubtful;
    json["doubtful"] = examples_json(doubtful);
  }
  if (!choices.empty()) json["choices"] = choices_json(choices);
  return json;
}

RuleReport RuleReport::from_json(const nlohmann::json& json) {
  return read_state("a rule's report", [&] {
    RuleReport report;
    json.at("rows").get_to(report.rows);
    json.at("rows_touched").get_to(report.rows_touched);
    json.at("cells_touched").get_to(report.cells_touched);
    json.at("cells_unmatched").get_to(report.cells_unmatched);
    report.examples = examples_from(json.at("examples"));
    if (json.contains("cells_doubtful")) {
      json["cells_doubtful"].get_to(report.cells_doubtful);
      report.doubtful = examples_from(json.at("doubtful"));
    }
    if (json.contains("choices")) report.choices = choices_from_json(json["choices"]);
    return report;
  });
}

std::vector<std::string> Rule::reads_for(const std::string&) const { return reads(); }

const uint8_t* Rule::keep(const Batch&, Scratch&, RuleReport*, int64_t) const { return nullptr; }

void RuleFit::merge(RuleFit&&) {
  throw Error(Code::internal, "a rule that observes no rows was asked to merge");
}

std::unique_ptr<RuleFit> RuleFit::clone_empty() const {
  throw Error(Code::internal, "a rule that observes no rows was asked for a clone");
}

namespace {

class AlreadyFitted : public RuleFit {
 public:
  AlreadyFitted(std::unique_ptr<Rule> rule, std::string kind)
      : rule_(std::move(rule)), kind_(std::move(kind)) {}
  std::vector<std::string> reads() const override { return rule_->reads(); }
  bool needs_rows() const override { return false; }
  std::unique_ptr<Rule> freeze() const override {
    return Rules::instance().get(kind_, "rule").load(rule_->save());
  }

 private:
  std::unique_ptr<Rule> rule_;
  std::string kind_;
};

}  // namespace

std::unique_ptr<RuleFit> already_fitted(std::unique_ptr<Rule> rule, std::string kind) {
  return std::make_unique<AlreadyFitted>(std::move(rule), std::move(kind));
}

RuleChain::RuleChain(const Schema& in, std::vector<Step> steps) : input_(in), output_(in) {
  for (Step& step : steps) append(std::move(step.kind), std::move(step.rule));
}

void RuleChain::append(std::string kind, std::unique_ptr<Rule> rule) {
  output_ = rule->bind(output_);
  schemas_.push_back(output_);
  steps_.push_back({std::move(kind), std::move(rule)});
}

void RuleChain::apply(Batch& rows, Scratch& scratch, std::vector<RuleReport>* reports,
                      int64_t first_row) const {
  if (reports != nullptr && reports->size() < steps_.size()) reports->resize(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const size_t errors = scratch.errors.size();
    steps_[i].rule->apply(rows, scratch, reports ? &(*reports)[i] : nullptr, first_row);
    for (size_t e = errors; e < scratch.errors.size(); ++e) scratch.errors[e].step = int(i);
    rows.schema = &schemas_[i];
  }
}

std::vector<std::string> RuleChain::sources_of(const std::vector<std::string>& wanted) const {
  std::set<std::string> needed;
  for (const std::string& name : wanted)
    needed.insert(output_[output_.index_of(name, "the rules")].name);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    std::vector<std::string> writes = step->rule->writes();
    std::set<std::string> before = needed;
    for (const std::string& name : writes) before.erase(name);
    for (const std::string& name : writes) {
      if (needed.count(name) == 0) continue;
      for (std::string& read : step->rule->reads_for(name)) before.insert(std::move(read));
    }
    needed = std::move(before);
  }
  std::vector<std::string> sources;
  for (const Field& field : input_.fields()) {
    if (needed.count(field.name) > 0) sources.push_back(field.name);
  }
  return sources;
}

std::set<std::string> RuleChain::reached_from(std::set<std::string> sources) const {
  for (const Step& step : steps_) {
    const std::vector<std::string> writes = step.rule->writes();
    std::set<std::string> after = sources;
    for (const std::string& name : writes) after.erase(name);
    for (const std::string& name : writes) {
      const std::vector<std::string> reads = step.rule->reads_for(name);
      if (std::any_of(reads.begin(), reads.end(),
                      [&](const std::string& read) { return sources.count(read) > 0; }))
        after.insert(name);
    }
    sources = std::move(after);
  }
  return sources;
}

State RuleChain::save() const {
  State state;
  nlohmann::json steps = nlohmann::json::array();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const RuleKind& kind = Rules::instance().get(steps_[i].kind, "rule", Code::internal);
    steps.push_back({{"kind", kind.name}, {"version", kind.version}});
    state.put_state(fmt::format("step{}", i), steps_[i].rule->save());
  }
  state.json["steps"] = std::move(steps);
  state.json["input"] = input_.json();
  return state;
}

RuleChain RuleChain::load(const State& state) {
  return read_state("the rules", [&] {
    RuleChain chain(Schema::from_json(state.at<nlohmann::json>("input")), {});
    auto steps = state.at<nlohmann::json>("steps");
    if (!steps.is_array()) throw Error(Code::corrupt, "the saved rules are not a list");
    for (size_t i = 0; i < steps.size(); ++i) {
      auto name = steps[i].at("kind").get<std::string>();
      const RuleKind& kind = Rules::instance().get(name, "rule", Code::corrupt);
      if (steps[i].at("version").get<int>() > kind.version)
        throw Error(Code::invalid,
                    fmt::format("rule {} was saved by a later version of Gristmill", name), {},
                    "open it with that version or a newer one");
      chain.append(name, kind.load(state.get_state(fmt::format("step{}", i))));
    }
    return chain;
  });
}

}  // namespace gristmill
