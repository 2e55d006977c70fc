// Rule `drop`: leaves rows out of training.
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule drop";

struct Condition {
  std::string text;
  ExprNode root;
};

class Drop : public Rule {
 public:
  explicit Drop(std::vector<Condition> conditions) : conditions_(std::move(conditions)) {}

  Schema bind(const Schema& in) override {
    exprs_.clear();
    for (const Condition& condition : conditions_) {
      exprs_.emplace_back(condition.root, in);
      if (exprs_.back().type() != Type::boolean)
        throw Error(Code::invalid,
                    fmt::format("rule drop: `{}` is {}, not true or false", condition.text,
                                name_of(exprs_.back().type())),
                    {}, "compare it with something");
    }
    return in;
  }

  std::vector<std::string> reads() const override {
    std::set<std::string> all;
    for (const Condition& condition : conditions_) {
      for (std::string& column : condition.root.columns()) all.insert(std::move(column));
    }
    return {all.begin(), all.end()};
  }
  std::vector<std::string> writes() const override { return {}; }

  void apply(Batch&, Scratch&, RuleReport*, int64_t) const override {}

  const uint8_t* keep(const Batch& rows, Scratch& scratch, RuleReport* report,
                      int64_t first_row) const override {
    const int64_t words = words_of_bits(rows.rows);
    auto* kept = scratch.values<uint64_t>(words);
    for (int64_t w = 0; w < words; ++w) kept[w] = full_word(w, rows.rows);
    if (report != nullptr) report->rows += rows.rows;
    auto* hits = scratch.values<uint64_t>(words);
    bool any = false;
    for (size_t e = 0; e < exprs_.size(); ++e) {
      Column dropped = exprs_[e].evaluate(rows, scratch, "drop");
      // A row that an earlier condition dropped is not counted again.
      any |= find_hits(dropped, hits, [&](int64_t i) { return dropped.boolean(i); });
      for (int64_t w = 0; w < words; ++w) hits[w] &= kept[w];
      if (report != nullptr) tell(rows, e, hits, *report, first_row);
      for (int64_t w = 0; w < words; ++w) kept[w] &= ~hits[w];
    }
    return any ? reinterpret_cast<const uint8_t*>(kept) : nullptr;
  }

  State save() const override {
    State state;
    nlohmann::json conditions = nlohmann::json::array();
    for (const Condition& condition : conditions_)
      conditions.push_back({{"text", condition.text}, {"expression", condition.root.json()}});
    state.json["conditions"] = std::move(conditions);
    return state;
  }

 private:
  // An example shows the first column that the condition reads.
  void tell(const Batch& rows, size_t e, const uint64_t* hits, RuleReport& report,
            int64_t first_row) const {
    std::vector<std::string> columns = exprs_[e].columns();
    for_hits(hits, rows.rows, [&](int64_t i) {
      ++report.rows_touched;
      if (report.examples.size() >= RuleReport::max_examples) return;
      RuleReport::Example example{first_row + i, "", "", "dropped: " + conditions_[e].text};
      int at = columns.empty() || rows.schema == nullptr ? -1 : rows.schema->find(columns[0]);
      if (at >= 0) {
        example.column = columns[0];
        example.before = report_text(rows.columns[size_t(at)], i);
      }
      report.examples.push_back(std::move(example));
    });
  }

  std::vector<Condition> conditions_;
  std::vector<Expr> exprs_;
};

std::unique_ptr<Rule> load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Condition> conditions;
    for (const auto& saved : state.at<nlohmann::json>("conditions"))
      conditions.push_back({saved.at("text"), ExprNode::from_json(saved.at("expression"))});
    return std::make_unique<Drop>(std::move(conditions));
  });
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  std::vector<Condition> conditions;
  for (const auto& text : given.is_array() ? given : nlohmann::json::array({given})) {
    if (!text.is_string() || text.get_ref<const std::string&>().empty())
      throw Error(Code::invalid, "rule drop needs an expression, not " + shown(text), {},
                  "for example: drop: distance < 50");
    auto condition = text.get<std::string>();
    conditions.push_back({condition, context.bind_expression(condition, context.schema).root()});
  }
  if (conditions.empty()) throw Error(Code::invalid, "rule drop needs an expression");
  auto rule = std::make_unique<Drop>(std::move(conditions));
  rule->bind(context.schema);
  return already_fitted(std::move(rule), "drop");
}

const RegisterRule register_drop({
    .name = "drop",
    .stage = RuleStage::filter,
    .text =
        "Leaves rows out of training where an expression, or any of a list of them, is true. "
        "Where it is null the row stays. It never drops a request: on the table that is predicted "
        "from it runs after the rules that change cells, wherever it stands.",
    .example = "- drop: distance < 50\n"
               "- drop: [tailnum IS NULL, dest = 'ANC']",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
