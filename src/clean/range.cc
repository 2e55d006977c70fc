// Rule `range`: what lies outside is corrupt, and becomes missing.
#include "base/error.h"
#include "clean/bounds.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule range";

struct Target {
  std::string name;
  Bounds bounds;
  size_t index = 0;
};

class Range : public Rule {
 public:
  explicit Range(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    for (Target& target : targets_) {
      target.index = bound_column(in, target.name, target.bounds.type, owner);
      out.replace(target.index, {target.name, target.bounds.type, true});
    }
    return out;
  }

  std::vector<std::string> reads() const override { return names(); }
  std::vector<std::string> writes() const override { return names(); }
  std::vector<std::string> reads_for(const std::string& column) const override { return {column}; }
  void restrict_to(const std::set<std::string>& columns) override {
    std::erase_if(targets_, [&](const Target& target) { return columns.count(target.name) == 0; });
  }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    Touches touches(report, rows, first_row, scratch);
    auto* hits = scratch.values<uint64_t>(words_of(rows.rows));
    for (const Target& target : targets_) {
      Column& column = rows.columns[target.index];
      if (!target.bounds.find_outside(column, hits)) continue;
      Column before = column;
      make_missing(column, hits, scratch);
      touches.add(target.name, hits, before, column);
    }
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Target& target : targets_)
      columns.push_back({{"name", target.name},
                         {"type", name_of(target.bounds.type)},
                         {"range", target.bounds.json()}});
    state.json["columns"] = std::move(columns);
    return state;
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Target& target : targets_) names.push_back(target.name);
    return names;
  }

  std::vector<Target> targets_;
};

std::unique_ptr<Rule> load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Target> targets;
    for (const auto& saved : state.at<nlohmann::json>("columns")) {
      Type type = parse_type(saved.at("type").get<std::string>());
      targets.push_back({saved.at("name"), Bounds::from_json(saved.at("range"), type)});
    }
    return std::make_unique<Range>(std::move(targets));
  });
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns with their ranges", {},
                "for example: range: {temp: [-40, 120]}");
  std::vector<Target> targets;
  for (const auto& [name, range] : given.items()) {
    const Field& field = context.schema[context.schema.index_of(name, owner)];
    targets.push_back({name, Bounds::parse(range, field, owner)});
  }
  return already_fitted(std::make_unique<Range>(std::move(targets)), "range");
}

const RegisterRule register_range({
    .name = "range",
    .text =
        "Makes cells missing that lie outside [low, high]; both ends belong to the range, and null "
        "leaves an end open. For columns of numbers, dates and times (bounds as text, such as "
        "2013-01-01). NaN lies outside of every range.",
    .example = "- range: {temp: [-40, 120], visib: [0, null]}",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
