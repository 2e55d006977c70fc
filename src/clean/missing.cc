// Rule `missing`: values that stand for "unknown" become missing.
#include <cmath>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/text_set.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule missing";

struct Target {
  std::string name;
  Type type;
  std::vector<Constant> values;
  size_t index = 0;
  bool matches_nan = false;
  TextSet texts;
};

// Cells equal to one of the values; `part` is where a Constant keeps a number of type T.
template <class T, class Part>
bool find_equal(const Column& column, const std::vector<Constant>& values, Part Constant::* part,
                uint64_t* hits) {
  const T first = T(values[0].*part);
  if (values.size() == 1)
    return find_number_hits<T>(column, hits, [=](auto v) { return v == first; });
  return find_number_hits<T>(column, hits, [&](auto v) {
    auto hit = v == first;
    for (size_t i = 1; i < values.size(); ++i) hit = hit | (v == T(values[i].*part));
    return hit;
  });
}

bool find_target(const Column& column, const Target& target, uint64_t* hits) {
  switch (target.type) {
    case Type::string:
      return find_hits(column, hits,
                       [&](int64_t i) { return target.texts.find(column.string(i)) >= 0; });
    case Type::boolean:
      return find_hits(column, hits, [&](int64_t i) {
        bool hit = false;
        for (const Constant& value : target.values) hit |= column.boolean(i) == (value.whole != 0);
        return hit;
      });
    case Type::float64: {
      bool any = find_equal<double>(column, target.values, &Constant::number, hits);
      if (!target.matches_nan) return any;
      return find_hits(column, hits, [&, cells = column.values<double>()](int64_t i) {
        return cells[i] != cells[i] || get_bit(reinterpret_cast<const uint8_t*>(hits), i);
      });
    }
    case Type::date:
      return find_equal<int32_t>(column, target.values, &Constant::whole, hits);
    default:
      return find_equal<int64_t>(column, target.values, &Constant::whole, hits);
  }
}

class Missing : public Rule {
 public:
  explicit Missing(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    for (Target& target : targets_) {
      target.index = bound_column(in, target.name, target.type, owner);
      out.replace(target.index, {target.name, target.type, true});
      for (const Constant& value : target.values) target.matches_nan |= std::isnan(value.number);
      if (target.type != Type::string) continue;
      std::vector<std::string> texts;
      for (const Constant& value : target.values) texts.push_back(value.text);
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
      if (!find_target(column, target, hits)) continue;
      Column before = column;
      make_missing(column, hits, scratch);
      touches.add(target.name, hits, before, column);
    }
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Target& target : targets_) {
      nlohmann::json values = nlohmann::json::array();
      for (const Constant& value : target.values) values.push_back(save_value(value));
      columns.push_back(
          {{"name", target.name}, {"type", name_of(target.type)}, {"values", values}});
    }
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
      Target target{saved.at("name"), parse_type(saved.at("type").get<std::string>()), {}};
      for (const auto& value : saved.at("values"))
        target.values.push_back(load_value(value, target.type));
      if (target.values.empty()) throw Error(Code::corrupt, "a saved list of values is empty");
      targets.push_back(std::move(target));
    }
    return std::make_unique<Missing>(std::move(targets));
  });
}

// The listed values as values of a column of this type; those that cannot occur in it are left out.
std::vector<Constant> values_for(const nlohmann::json& listed, Type type) {
  std::vector<Constant> values;
  auto add = [&](const std::optional<Constant>& value) {
    if (!value) return;
    for (const Constant& known : values) {
      if (known == *value || (std::isnan(known.number) && std::isnan(value->number))) return;
    }
    values.push_back(*value);
  };
  for (const auto& value : listed) {
    add(value_of(value, type));
    // A whole number stands in text with and without a point.
    if (type != Type::string || !value.is_number()) continue;
    if (value.is_number_integer()) add(value_of(value.dump() + ".0", type));
    if (auto whole = value_of(value, Type::int64)) add(value_of(whole->whole, type));
  }
  return values;
}

const std::vector<ParamDoc> params = {
    {"values", "array", "Texts, numbers, booleans, dates that mean \"unknown\"."},
    {"columns", "any", "Names of columns, or `all`.", "all"},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  Params parsed(given, params, owner);
  if (!parsed.has("values") || parsed["values"].empty())
    throw Error(Code::invalid, owner + " needs `values`: a list of what means \"unknown\"");
  for (const auto& value : parsed["values"]) {
    if (value.is_null() || value.is_structured())
      throw Error(Code::invalid, owner + ": " + shown(value) + " is not a text or number", {},
                  value.is_null() ? "quote it: \"null\"" : "");
  }
  const auto& columns = parsed["columns"];
  std::vector<Target> targets;
  if (columns == "all") {
    for (const Field& field : context.schema.fields()) {
      auto values = values_for(parsed["values"], field.type);
      if (!values.empty()) targets.push_back({field.name, field.type, std::move(values)});
    }
  } else {
    for (const auto& name : columns.is_array() ? columns : nlohmann::json::array({columns})) {
      if (!name.is_string())
        throw Error(Code::invalid, owner + ": `columns` must be names of columns, or `all`");
      const Field& field = context.schema[context.schema.index_of(name.get<std::string>(), owner)];
      auto values = values_for(parsed["values"], field.type);
      if (values.empty())
        throw Error(Code::invalid,
                    fmt::format("{}: none of the values listed can occur in {}, which is {}", owner,
                                field.name, name_of(field.type)),
                    {}, "text in quotes never matches numbers");
      targets.push_back({field.name, field.type, std::move(values)});
    }
  }
  return already_fitted(std::make_unique<Missing>(std::move(targets)), "missing");
}

const RegisterRule register_missing({
    .name = "missing",
    .text =
        "Makes cells missing that hold one of the listed values. Numbers match number columns; "
        "text matches text columns to the letter, without trimming or folding case, and date and "
        "time columns when it is a date or time; booleans match boolean columns. A number also "
        "matches text that spells it: -999 matches the texts \"-999\" and \"-999.0\". Text in "
        "quotes never matches numbers, but for \"nan\", which matches NaN. Without `columns` the "
        "rule looks at every column.",
    .example = "- missing: {values: [\"\", N/A, -999]}\n"
               "- missing: {values: [0], columns: [year, seats]}",
    .params = params,
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
