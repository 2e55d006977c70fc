// Rule `missing`: values that stand for "unknown" become missing.
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/column_rule.h"
#include "clean/text_set.h"
#include "clean/value.h"
#include "expr/regex.h"

namespace gristmill {
namespace {

constexpr size_t most_values = 10'000;  // each cell is compared with each

struct Target : ColumnTarget {
  static inline const std::string owner = "rule missing";
  std::vector<Constant> values;
  bool matches_nan = false;
  TextSet texts;
  std::string pattern;  // that all of a text matches; "": none
  std::shared_ptr<const Regex> regex;

  void set_values(std::vector<Constant> given);
  void set_pattern(const std::string& given);
  bool find(const Column& column, uint64_t* hits) const;
  void save(nlohmann::json& saved) const;
  void load(const nlohmann::json& saved);
};

void Target::set_values(std::vector<Constant> given) {
  values = std::move(given);
  for (const Constant& value : values) matches_nan |= std::isnan(value.number);
  if (type != Type::string) return;
  std::vector<std::string> all;
  for (const Constant& value : values) all.push_back(value.text);
  texts = TextSet(std::move(all));
}

void Target::set_pattern(const std::string& given) {
  if (type != Type::string || given.empty()) return;
  pattern = given;
  regex = std::make_shared<const Regex>(pattern, "");
}

void Target::save(nlohmann::json& saved) const {
  if (regex) saved["pattern"] = pattern;
  saved["values"] = nlohmann::json::array();
  for (const Constant& value : values) saved["values"].push_back(save_value(value));
}

void Target::load(const nlohmann::json& saved) {
  std::vector<Constant> loaded;
  if (saved.at("values").size() > most_values)
    throw Error(Code::corrupt, "a saved list of values is too long");
  for (const auto& value : saved.at("values")) loaded.push_back(load_value(value, type));
  set_values(std::move(loaded));
  try {
    set_pattern(saved.value("pattern", std::string()));
  } catch (const Error& error) {
    throw Error(Code::corrupt, error.message());
  }
  if (values.empty() && !regex) throw Error(Code::corrupt, "a saved list of values is empty");
}

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

bool Target::find(const Column& column, uint64_t* hits) const {
  switch (type) {
    case Type::string:
      return find_hits(column, hits, [&](int64_t i) {
        const std::string_view text = column.string(i);
        return texts.find(text) >= 0 || (regex && regex->matches_all(text));
      });
    case Type::boolean:
      return find_hits(column, hits, [&](int64_t i) {
        bool hit = false;
        for (const Constant& value : values) hit |= column.boolean(i) == (value.whole != 0);
        return hit;
      });
    case Type::float64: {
      bool any = find_equal<double>(column, values, &Constant::number, hits);
      if (!matches_nan) return any;
      return find_hits(column, hits, [&, cells = column.values<double>()](int64_t i) {
        return cells[i] != cells[i] || get_bit(reinterpret_cast<const uint8_t*>(hits), i);
      });
    }
    case Type::date:
      return find_equal<int32_t>(column, values, &Constant::whole, hits);
    default:
      return find_equal<int64_t>(column, values, &Constant::whole, hits);
  }
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

// Nothing where no value of the column can be meant.
std::optional<Target> target_of(const Field& field, const nlohmann::json& listed,
                                const std::string& pattern) {
  Target target{{field.name, field.type}};
  target.set_values(values_for(listed, field.type));
  target.set_pattern(pattern);
  if (target.values.empty() && !target.regex) return std::nullopt;
  return target;
}

const std::vector<ParamDoc> params = {
    {"values", "array", "Texts, numbers, booleans, dates that mean \"unknown\"."},
    {"pattern", "string",
     "A regular expression (RE2): text that matches it as a whole means \"unknown\"."},
    {"columns", "any", "Names of columns, or `all`.", "all"},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  Params parsed(given, params, Target::owner);
  const nlohmann::json listed = parsed.has("values") ? parsed["values"] : nlohmann::json::array();
  const std::string pattern = parsed.has("pattern") ? parsed.text("pattern") : "";
  if (listed.empty() && pattern.empty())
    throw Error(Code::invalid, Target::owner + " needs `values`: a list of what means \"unknown\"",
                {}, "or `pattern`: a regular expression of it");
  if (listed.size() > most_values)
    throw Error(Code::invalid,
                fmt::format("{} takes at most {} values, not {}", Target::owner, most_values,
                            listed.size()),
                {}, "make the list a table, join it, and let `map` or SQL take the values out");
  for (const auto& value : listed) {
    if (value.is_null() || value.is_structured())
      throw Error(Code::invalid, Target::owner + ": " + shown(value) + " is not a text or number",
                  {}, value.is_null() ? "quote it: \"null\"" : "");
  }
  const auto& columns = parsed["columns"];
  std::vector<Target> targets;
  if (columns == "all") {
    for (const Field& field : context.schema.fields()) {
      if (auto target = target_of(field, listed, pattern)) targets.push_back(std::move(*target));
    }
  } else {
    for (const auto& name : columns.is_array() ? columns : nlohmann::json::array({columns})) {
      if (!name.is_string())
        throw Error(Code::invalid,
                    Target::owner + ": `columns` must be names of columns, or `all`");
      const Field& field =
          context.schema[context.schema.index_of(name.get<std::string>(), Target::owner)];
      auto target = target_of(field, listed, pattern);
      if (!target)
        throw Error(Code::invalid,
                    fmt::format("{}: none of the values listed can occur in {}, which is {}",
                                Target::owner, field.name, name_of(field.type)),
                    {}, "text in quotes never matches numbers");
      targets.push_back(std::move(*target));
    }
  }
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "missing");
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
               "- missing: {values: [0], columns: [year, seats]}\n"
               "- missing: {pattern: \"[-.?x ]+\"}",
    .params = params,
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
