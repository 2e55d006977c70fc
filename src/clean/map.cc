// Rule `map`: replaces values by others of the same column.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/column_rule.h"
#include "clean/repeated_texts.h"
#include "clean/text_set.h"
#include "clean/value.h"

namespace gristmill {
namespace {

struct Pair {
  Constant from;
  std::optional<Constant> to;  // nothing: missing
};

struct Target : ColumnTarget {
  static inline const std::string owner = "rule map";
  std::vector<Pair> pairs;  // sorted by `from`
  TextSet texts;

  void set_pairs(std::vector<Pair> given);
  int find_pair(const Column& column, int64_t i) const;  // -1: none; not of text
  bool nullable(bool before) const;
  bool clean(Column& column, uint64_t* hits, Scratch& scratch) const;
  void save(nlohmann::json& saved) const;
  void load(const nlohmann::json& saved);
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

int Target::find_pair(const Column& column, int64_t i) const {
  switch (type) {
    case Type::float64: {
      double cell = column.values<double>()[i];
      if (std::isnan(cell))
        return std::isnan(pairs.back().from.number) ? int(pairs.size()) - 1 : -1;
      return find_sorted(pairs, cell, &Constant::number);
    }
    case Type::boolean:
      return find_sorted(pairs, int64_t(column.boolean(i)), &Constant::whole);
    case Type::date:
      return find_sorted(pairs, int64_t(column.values<int32_t>()[i]), &Constant::whole);
    default:
      return find_sorted(pairs, column.values<int64_t>()[i], &Constant::whole);
  }
}

void Target::set_pairs(std::vector<Pair> given) {
  pairs = std::move(given);
  if (type != Type::string) return;
  std::vector<std::string> all;
  for (const Pair& pair : pairs) all.push_back(pair.from.text);
  texts = TextSet(std::move(all));
}

bool Target::nullable(bool before) const {
  return before || std::any_of(pairs.begin(), pairs.end(), [](const Pair& p) { return !p.to; });
}

bool Target::clean(Column& column, uint64_t* hits, Scratch& scratch) const {
  if (type == Type::string)
    return remake_texts(column, hits, scratch, [&](std::string_view text) {
      const int pair = texts.find(text);
      if (pair < 0) return std::optional(text);
      const auto& to = pairs[size_t(pair)].to;
      return to ? std::optional<std::string_view>(to->text) : std::nullopt;
    });
  auto* found = scratch.values<int32_t>(column.length);
  const bool any =
      find_hits(column, hits, [&](int64_t i) { return (found[i] = find_pair(column, i)) >= 0; });
  if (!any) return false;
  column = rewritten(column, hits, scratch, [&](int64_t i, ColumnBuffer& out) {
    append_value(out, pairs[size_t(found[i])].to);
  });
  return true;
}

void Target::save(nlohmann::json& saved) const {
  saved["map"] = nlohmann::json::array();
  for (const Pair& pair : pairs)
    saved["map"].push_back(
        {save_value(pair.from), pair.to ? save_value(*pair.to) : nlohmann::json()});
}

void Target::load(const nlohmann::json& saved) {
  std::vector<Pair> loaded;
  for (const auto& pair : saved.at("map")) {
    Pair next{load_value(pair.at(0), type), std::nullopt};
    if (!pair.at(1).is_null()) next.to = load_value(pair.at(1), type);
    if (!loaded.empty() && !before(loaded.back().from, next.from))
      throw Error(Code::corrupt, "the saved values of " + owner + " are out of order");
    loaded.push_back(std::move(next));
  }
  if (loaded.empty()) throw Error(Code::corrupt, "a saved map is empty");
  set_pairs(std::move(loaded));
}

Target parse_target(const Field& field, const nlohmann::json& map) {
  Where where;
  where.field = field.name;
  auto refuse = [&](const std::string& what) {
    return Error(Code::invalid, fmt::format("{}: {}: {}", Target::owner, field.name, what), where);
  };
  if (!map.is_object() || map.empty())
    throw refuse("needs a mapping of old values to new ones, not " + shown(map));
  std::vector<Pair> pairs;
  for (const auto& [from, to] : map.items()) {
    auto key = parse_value(from, field.type);
    if (!key) throw refuse(fmt::format("\"{}\" is not a {} value", from, name_of(field.type)));
    Pair pair{*key, value_of(to, field.type)};
    if (!pair.to && !to.is_null())
      throw refuse(fmt::format("{} is not a {} value: a map keeps its column's type", shown(to),
                               name_of(field.type)));
    pairs.push_back(std::move(pair));
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return before(a.from, b.from); });
  for (size_t i = 1; i < pairs.size(); ++i) {
    if (!before(pairs[i - 1].from, pairs[i].from))
      throw refuse("one value is mapped twice: " + shown(save_value(pairs[i].from)));
  }
  Target target{{field.name, field.type}};
  target.set_pairs(std::move(pairs));
  return target;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, Target::owner + " needs columns with their old and new values", {},
                "for example: map: {carrier: {WN: Southwest}}");
  std::vector<Target> targets;
  for (const auto& [name, map] : given.items())
    targets.push_back(
        parse_target(context.schema[context.schema.index_of(name, Target::owner)], map));
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "map");
}

const RegisterRule register_map({
    .name = "map",
    .text = "Replaces values of a column by others, to the letter; all other values stay. A column "
            "keeps its type. null makes the value missing.",
    .example = "- map:\n"
               "    manufacturer: {AIRBUS INDUSTRIE: AIRBUS, UNKNOWN: null}\n"
               "    seats: {0: null}",
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
