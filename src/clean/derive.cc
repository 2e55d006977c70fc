// Rule `derive`: columns computed by expressions, one after the other.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "clean/cells.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule derive";

struct Definition {
  std::string name;
  ExprNode root;
  std::vector<std::string> columns;  // read
};

class Derive : public Rule {
 public:
  explicit Derive(std::vector<Definition> definitions) : definitions_(std::move(definitions)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    steps_.clear();
    for (Definition& definition : definitions_) {
      Step step{Expr(definition.root, out), 0};
      definition.columns = step.expr.columns();
      Field field{definition.name, step.expr.type(), true};
      int at = out.find(definition.name);
      step.added = at < 0;
      step.index = at < 0 ? out.add(field) : size_t(at);
      if (at >= 0) out.replace(step.index, field);
      steps_.push_back(std::move(step));
    }
    return out;
  }

  // Columns of the rows as they come in; what a definition makes itself is not among them.
  std::vector<std::string> reads() const override {
    std::set<std::string> all;
    for (const std::string& name : writes()) {
      for (std::string& read : reads_for(name)) all.insert(std::move(read));
    }
    return {all.begin(), all.end()};
  }
  std::vector<std::string> writes() const override {
    std::vector<std::string> names;
    for (const Definition& definition : definitions_) {
      if (std::find(names.begin(), names.end(), definition.name) == names.end())
        names.push_back(definition.name);
    }
    return names;
  }
  std::vector<std::string> reads_for(const std::string& column) const override {
    std::set<std::string> needed = {column};
    follow_back(needed);
    return {needed.begin(), needed.end()};
  }

  void restrict_to(const std::set<std::string>& columns) override {
    std::set<std::string> needed = columns;
    std::vector<bool> used = follow_back(needed);
    size_t i = 0;
    std::erase_if(definitions_, [&](const Definition&) { return !used[i++]; });
  }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    if (report != nullptr) report->rows += rows.rows, report->rows_touched += rows.rows;
    for (size_t s = 0; s < steps_.size(); ++s) {
      const Step& step = steps_[s];
      const std::string& name = definitions_[s].name;
      Column made = step.expr.evaluate(rows, scratch, name);
      Column before;
      if (!step.added) before = std::exchange(rows.columns[step.index], made);
      if (step.added) rows.columns.push_back(made);
      if (report != nullptr) tell(name, step.added ? nullptr : &before, made, *report, first_row);
    }
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Definition& definition : definitions_)
      columns.push_back({{"name", definition.name},
                         {"expression", definition.root.json()},
                         {"columns", definition.columns}});
    state.json["columns"] = std::move(columns);
    return state;
  }

 private:
  struct Step {
    Expr expr;
    size_t index;
    bool added = false;
  };

  // From what is needed after all definitions to what is needed before them; which ones are used.
  std::vector<bool> follow_back(std::set<std::string>& needed) const {
    std::vector<bool> used(definitions_.size());
    for (size_t i = definitions_.size(); i-- > 0;) {
      used[i] = needed.erase(definitions_[i].name) > 0;
      if (used[i]) needed.insert(definitions_[i].columns.begin(), definitions_[i].columns.end());
    }
    return used;
  }

  static void tell(const std::string& name, const Column* before, const Column& made,
                   RuleReport& report, int64_t first_row) {
    report.cells_touched += made.length;
    for (int64_t i = 0; i < made.length; ++i) {
      if (report.examples.size() >= RuleReport::max_examples) return;
      report.examples.push_back(
          {first_row + i, name, before ? report_text(*before, i) : "", report_text(made, i)});
    }
  }

  std::vector<Definition> definitions_;
  std::vector<Step> steps_;
};

std::unique_ptr<Rule> load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Definition> definitions;
    for (const auto& saved : state.at<nlohmann::json>("columns"))
      definitions.push_back(
          {saved.at("name"), ExprNode::from_json(saved.at("expression")), saved.at("columns")});
    return std::make_unique<Derive>(std::move(definitions));
  });
}

struct Text {
  std::string name, text;
};

Text parse_text(const std::string& name, const nlohmann::json& given) {
  if (given.is_string()) return {name, given.get<std::string>()};
  // YAML reads a lone constant as its type: `one: 1` is the expression 1.
  if (given.is_number() || given.is_boolean()) return {name, given.dump()};
  throw Error(Code::invalid,
              fmt::format("rule derive: {} needs an expression, not {}", name, shown(given)));
}

Definition bind_text(const Text& text, Schema& schema, const RuleContext& context) {
  Expr expr = context.bind_expression(text.text, schema);
  Field field{text.name, expr.type(), true};
  int at = schema.find(text.name);
  at < 0 ? void(schema.add(field)) : schema.replace(size_t(at), field);
  return {text.name, expr.root(), expr.columns()};
}

// Where definitions wait for one another, each for the next and the last for the first, says so;
// `missing` is the column that each could not find.
void refuse_circle(const std::map<std::string, std::string>& missing) {
  for (const auto& [start, unused] : missing) {
    std::vector<std::string> path = {start};
    std::string name = missing.at(start);
    while (missing.count(name) > 0 && path.size() <= missing.size() && name != start) {
      path.push_back(name);
      name = missing.at(name);
    }
    if (name != start || path.size() < 2) continue;
    path.push_back(start);
    throw Error(Code::invalid, fmt::format("rule derive: {}: a circle", fmt::join(path, " reads ")),
                {.field = start},
                "one of them must be computed from columns that are there before");
  }
}

// A mapping has no order here, so each definition waits until what it reads is defined.
std::vector<Definition> bind_mapping(std::vector<Text> texts, const RuleContext& context) {
  Schema schema = context.schema;
  // Expressions find columns without regard to case: which one is meant would hang on the order.
  for (const Text& text : texts) {
    for (const Field& field : schema.fields()) {
      if (field.name == text.name || lower(field.name) != lower(text.name)) continue;
      throw Error(Code::invalid,
                  fmt::format("rule derive: {} and the column {} differ only in case", text.name,
                              field.name),
                  {}, "give it another name, or the column's own to replace it");
    }
  }
  std::vector<Definition> definitions;
  while (!texts.empty()) {
    std::exception_ptr first;
    std::vector<Text> waiting;
    std::map<std::string, std::string> missing;
    for (const Text& text : texts) {
      try {
        definitions.push_back(bind_text(text, schema, context));
      } catch (const Error& error) {
        if (!first) first = std::current_exception();
        if (error.code() == Code::not_found) missing[text.name] = error.where().field;
        waiting.push_back(text);
      }
    }
    if (waiting.size() == texts.size()) {
      refuse_circle(missing);
      std::rethrow_exception(first);
    }
    texts = std::move(waiting);
  }
  for (const Definition& a : definitions) {
    for (const Definition& b : definitions) {
      bool read = std::find(b.columns.begin(), b.columns.end(), a.name) != b.columns.end();
      if (&a == &b || !read || context.schema.find(a.name) < 0) continue;
      throw Error(Code::invalid,
                  fmt::format("rule derive: {} reads {}, which the same rule replaces: before or "
                              "after?",
                              b.name, a.name),
                  {},
                  fmt::format("say the order with a list: [{{{}: …}}, {{{}: …}}]", b.name, a.name));
    }
  }
  return definitions;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  std::vector<Text> texts;
  const bool list = given.is_array();
  for (const auto& part : list ? given : nlohmann::json::array({given})) {
    if (!part.is_object() || part.empty() || (list && part.size() != 1))
      throw Error(Code::invalid, "rule derive needs names with their expressions", {},
                  "for example: derive: {speed: distance / air_time}");
    for (const auto& [name, text] : part.items()) texts.push_back(parse_text(name, text));
  }
  std::vector<Definition> definitions;
  if (list) {
    Schema schema = context.schema;
    for (const Text& text : texts) definitions.push_back(bind_text(text, schema, context));
  } else {
    definitions = bind_mapping(std::move(texts), context);
  }
  return already_fitted(std::make_unique<Derive>(std::move(definitions)), "derive");
}

const RegisterRule register_derive({
    .name = "derive",
    .text =
        "Computes columns by expressions over the row (see Expressions). A name that is taken "
        "replaces that column. Definitions may read one another; each runs after those it reads. "
        "Where one reads a column that another replaces, a list says the order. An expression that "
        "fails on a row, such as a CAST of text that is no number, is an error of that row.",
    .example = "- derive:\n"
               "    hours: air_time / 60\n"
               "    speed: distance / greatest(hours, 0.1)\n"
               "- derive:\n"
               "    - year: greatest(year, 1950)\n"
               "    - age: 2013 - year",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
