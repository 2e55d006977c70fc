// Rule `map`: replaces values by others of the same column.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/text_set.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule map";

struct Pair {
  Constant from;
  std::optional<Constant> to;  // nothing: missing
};

struct Target {
  std::string name;
  Type type;
  std::vector<Pair> pairs;  // sorted by `from`
  size_t index = 0;
  TextSet texts;
};

bool before(const Constant& a, const Constant& b) {
  if (a.type == Type::string) return a.text < b.text;
  if (a.type == Type::float64)  // NaN last
    return a.number < b.number || (!std::isnan(a.number) && std::isnan(b.number));
  return a.whole < b.whole;
}

// The pair that a cell has, or -1; null cells have none.
template <class Key>
int find_sorted(const std::vector<Pair>& pairs, Key key, Key Constant::* part) {
  auto less = [&](const Pair& pair, Key k) { return pair.from.*part < k; };
  auto it = std::lower_bound(pairs.begin(), pairs.end(), key, less);
  return it != pairs.end() && it->from.*part == key ? int(it - pairs.begin()) : -1;
}

int find_pair(const Target& target, const Column& column, int64_t i) {
  switch (target.type) {
    case Type::string:
      return target.texts.find(column.string(i));
    case Type::float64: {
      double cell = column.values<double>()[i];
      if (std::isnan(cell))
        return std::isnan(target.pairs.back().from.number) ? int(target.pairs.size()) - 1 : -1;
      return find_sorted(target.pairs, cell, &Constant::number);
    }
    case Type::boolean:
      return find_sorted(target.pairs, int64_t(column.boolean(i)), &Constant::whole);
    case Type::date:
      return find_sorted(target.pairs, int64_t(column.values<int32_t>()[i]), &Constant::whole);
    default:
      return find_sorted(target.pairs, column.values<int64_t>()[i], &Constant::whole);
  }
}

class Map : public Rule {
 public:
  explicit Map(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    for (Target& target : targets_) {
      target.index = bound_column(in, target.name, target.type, owner);
      bool nullable = in[target.index].nullable;
      for (const Pair& pair : target.pairs) nullable = nullable || !pair.to;
      out.replace(target.index, {target.name, target.type, nullable});
      if (target.type != Type::string) continue;
      std::vector<std::string> texts;
      for (const Pair& pair : target.pairs) texts.push_back(pair.from.text);
      target.texts = TextSet(std::move(texts));
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
      bool any =
          find_hits(column, hits, [&](int64_t i) { return find_pair(target, column, i) >= 0; });
      if (!any) continue;
      Column before = column;
      column = replaced(target, before, hits, scratch);
      touches.add(target.name, hits, before, column);
    }
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Target& target : targets_) {
      nlohmann::json pairs = nlohmann::json::array();
      for (const Pair& pair : target.pairs)
        pairs.push_back({save_value(pair.from), pair.to ? save_value(*pair.to) : nlohmann::json()});
      columns.push_back({{"name", target.name}, {"type", name_of(target.type)}, {"map", pairs}});
    }
    state.json["columns"] = std::move(columns);
    return state;
  }

 private:
  // Runs of cells between hits are copied whole.
  static Column replaced(const Target& target, const Column& column, const uint64_t* hits,
                         Scratch& scratch) {
    ColumnBuffer& out = scratch.column(target.type);
    int64_t done = 0;
    for_hits(hits, column.length, [&](int64_t i) {
      out.append(column, done, i - done);
      append_value(out, target.pairs[size_t(find_pair(target, column, i))].to);
      done = i + 1;
    });
    out.append(column, done, column.length - done);
    return out.view();
  }

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
      Target target{saved.at("name"), parse_type(saved.at("type").get<std::string>()), {}};
      for (const auto& pair : saved.at("map")) {
        Pair loaded{load_value(pair.at(0), target.type), std::nullopt};
        if (!pair.at(1).is_null()) loaded.to = load_value(pair.at(1), target.type);
        if (!target.pairs.empty() && !before(target.pairs.back().from, loaded.from))
          throw Error(Code::corrupt, "the saved values of " + owner + " are out of order");
        target.pairs.push_back(std::move(loaded));
      }
      if (target.pairs.empty()) throw Error(Code::corrupt, "a saved map is empty");
      targets.push_back(std::move(target));
    }
    return std::make_unique<Map>(std::move(targets));
  });
}

Target parse_target(const Field& field, const nlohmann::json& map) {
  Where where;
  where.field = field.name;
  auto refuse = [&](const std::string& what) {
    return Error(Code::invalid, fmt::format("{}: {}: {}", owner, field.name, what), where);
  };
  if (!map.is_object() || map.empty())
    throw refuse("needs a mapping of old values to new ones, not " + shown(map));
  Target target{field.name, field.type, {}};
  for (const auto& [from, to] : map.items()) {
    auto key = parse_value(from, field.type);
    if (!key) throw refuse(fmt::format("\"{}\" is not a {} value", from, name_of(field.type)));
    Pair pair{*key, value_of(to, field.type)};
    if (!pair.to && !to.is_null())
      throw refuse(fmt::format("{} is not a {} value: a map keeps its column's type", shown(to),
                               name_of(field.type)));
    target.pairs.push_back(std::move(pair));
  }
  std::sort(target.pairs.begin(), target.pairs.end(),
            [](const Pair& a, const Pair& b) { return before(a.from, b.from); });
  for (size_t i = 1; i < target.pairs.size(); ++i) {
    if (!before(target.pairs[i - 1].from, target.pairs[i].from))
      throw refuse("one value is mapped twice: " + shown(save_value(target.pairs[i].from)));
  }
  return target;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns with their old and new values", {},
                "for example: map: {carrier: {WN: Southwest}}");
  std::vector<Target> targets;
  for (const auto& [name, map] : given.items())
    targets.push_back(parse_target(context.schema[context.schema.index_of(name, owner)], map));
  return already_fitted(std::make_unique<Map>(std::move(targets)), "map");
}

const RegisterRule register_map({
    .name = "map",
    .text = "Replaces values of a column by others, to the letter; all other values stay. A column "
            "keeps its type. null makes the value missing.",
    .example = "- map:\n"
               "    manufacturer: {AIRBUS INDUSTRIE: AIRBUS, UNKNOWN: null}\n"
               "    seats: {0: null}",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
