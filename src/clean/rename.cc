// Rule `rename`: columns under other names. No cell is touched.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule rename";

struct Pair {
  std::string from, to;
};

class Rename : public Rule {
 public:
  explicit Rename(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {}

  // All at once, so that two columns can change their names with one another. A column that a
  // restricted rule does not need may be absent.
  Schema bind(const Schema& in) override {
    std::vector<Field> fields = in.fields();
    for (const Pair& pair : pairs_) {
      if (const int at = in.find(pair.from); at >= 0) fields[size_t(at)].name = pair.to;
    }
    std::set<std::string> names;
    for (const Field& field : fields) {
      if (!names.insert(field.name).second)
        throw Error(Code::invalid,
                    fmt::format("{}: two columns would be called {}", owner, field.name));
    }
    return Schema(std::move(fields));
  }

  std::vector<std::string> reads() const override { return names(&Pair::from); }
  std::vector<std::string> writes() const override { return names(&Pair::to); }
  std::vector<std::string> reads_for(const std::string& column) const override {
    for (const Pair& pair : pairs_) {
      if (pair.to == column) return {pair.from};
    }
    return {};
  }
  // A name that a kept column takes must be given up by who bears it.
  void restrict_to(const std::set<std::string>& columns) override {
    std::set<std::string> kept = columns;
    for (bool more = true; more;) {
      more = false;
      for (const Pair& pair : pairs_) {
        if (kept.count(pair.to) == 0) continue;
        for (const Pair& bearer : pairs_)
          more |= bearer.from == pair.to && kept.insert(bearer.to).second;
      }
    }
    std::erase_if(pairs_, [&](const Pair& pair) { return kept.count(pair.to) == 0; });
  }

  void apply(Batch& rows, Scratch&, RuleReport* report, int64_t) const override {
    if (report != nullptr) report->rows += rows.rows;
  }

  State save() const override {
    State state;
    state.json["names"] = nlohmann::json::array();
    for (const Pair& pair : pairs_) state.json["names"].push_back({pair.from, pair.to});
    return state;
  }

 private:
  std::vector<std::string> names(std::string Pair::* part) const {
    std::vector<std::string> names;
    for (const Pair& pair : pairs_) names.push_back(pair.*part);
    return names;
  }

  std::vector<Pair> pairs_;
};

std::unique_ptr<Rule> load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Pair> pairs;
    for (const auto& saved : state.at<nlohmann::json>("names"))
      pairs.push_back({saved.at(0).get<std::string>(), saved.at(1).get<std::string>()});
    return std::make_unique<Rename>(std::move(pairs));
  });
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns and their new names", {},
                "for example: rename: {dest: destination}");
  std::vector<Pair> pairs;
  for (const auto& [from, to] : given.items()) {
    if (!to.is_string() || to.get_ref<const std::string&>().empty())
      throw Error(Code::invalid,
                  fmt::format("{}: {} needs a name, not {}", owner, from, shown(to)));
    context.schema.index_of(from, owner);
    pairs.push_back({from, to.get<std::string>()});
  }
  auto rule = std::make_unique<Rename>(std::move(pairs));
  rule->bind(context.schema);
  return already_fitted(std::move(rule), "rename");
}

const RegisterRule register_rename({
    .name = "rename",
    .text =
        "Gives columns other names: {old: new}. Later rules, `drop`, the target and the features "
        "know a column by its new name; a request carries it under the old one, as the table does. "
        "A column of the `key` keeps its name.",
    .example = "- rename: {dest: destination, temp: temperature}",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
