// How `impute` is written in a project.
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/impute_fit.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

Error refuse(const std::string& column, const std::string& what, const std::string& hint = {}) {
  Where where;
  where.field = column;
  return Error(Code::invalid, fmt::format("{}: {}: {}", owner, column, what), where, hint);
}

// `how` is mean, median, mode or {constant: x}.
void set_strategy(const Field& field, const nlohmann::json& how, ImputeWish& wish) {
  auto unknown = [&] {
    const std::vector<std::string> known = {"mean", "median", "mode"};
    std::string hint = how.is_string() ? did_you_mean(how.get<std::string>(), known) : "";
    return refuse(field.name,
                  "fill with mean, median, mode or {constant: value}, not " + shown(how), hint);
  };
  wish.filling.fill.type = field.type;
  if (how.is_object()) {
    if (how.size() != 1 || !how.contains("constant")) throw unknown();
    wish.with = "constant";
    auto value = value_of(how["constant"], field.type);
    if (!value || std::isnan(value->number))
      throw refuse(field.name, fmt::format("{} is not a {} value", shown(how["constant"]),
                                           name_of(field.type)));
    wish.filling.fill = *value;
    return;
  }
  if (how != "mean" && how != "median" && how != "mode") throw unknown();
  wish.with = how.get<std::string>();
  if (wish.with == "mode") return;
  if (!is_number(field.type))
    throw refuse(field.name, fmt::format("a {} column has no {}", name_of(field.type), wish.with),
                 "use mode or {constant: value}");
  wish.filling.fill.type = Type::float64;
}

// A column or a list of them, none of which is `name`.
std::vector<Field> parse_by(const Schema& schema, const std::string& name,
                            const nlohmann::json& given) {
  std::vector<Field> by;
  for (const auto& column : given.is_array() ? given : nlohmann::json::array({given})) {
    if (!column.is_string())
      throw refuse(name, "`by` must be names of columns, not " + shown(column));
    by.push_back(schema[schema.index_of(column.get<std::string>(), owner)]);
  }
  if (by.empty()) throw refuse(name, "`by` is empty");
  return by;
}

// Whether a row's group is known must not hang on what the same rule fills.
void check_groups(const std::vector<ImputeWish>& wishes) {
  for (const ImputeWish& wish : wishes) {
    for (const Field& field : wish.by) {
      for (const ImputeWish& other : wishes) {
        if (other.filling.name == field.name)
          throw refuse(wish.filling.name,
                       fmt::format("is filled by {}, which the same rule fills", field.name),
                       fmt::format("fill {} in a rule of its own, before or after", field.name));
      }
    }
  }
}

// `given` is a strategy, or a mapping with `with` or `constant`, `by` and `indicator`.
ImputeWish parse_wish(const Schema& schema, const std::string& name, const nlohmann::json& given) {
  const Field& field = schema[schema.index_of(name, owner)];
  ImputeWish wish;
  wish.filling.name = field.name;
  wish.filling.from = field.type;
  nlohmann::json how = given;
  if (how.is_object() && how.contains("indicator")) {
    if (!how["indicator"].is_boolean())
      throw refuse(name, "`indicator` must be true or false, not " + shown(how["indicator"]));
    wish.filling.indicator = how["indicator"].get<bool>();
    how.erase("indicator");
  }
  if (how.is_object() && how.contains("by")) {
    wish.by = parse_by(schema, name, how["by"]);
    how.erase("by");
  }
  if (how.is_object() && how.size() == 1 && how.contains("with")) how = nlohmann::json(how["with"]);
  set_strategy(field, how, wish);
  if (wish.with == "constant" && !wish.by.empty())
    throw refuse(name, "a constant is the same in every group", "leave out `by`");
  return wish;
}

// {columns: [a, b] | numbers, with: median, indicator: true}
std::vector<ImputeWish> parse_long(const nlohmann::json& given, const Schema& schema) {
  static const std::vector<ParamDoc> params = {
      {"columns", "any", "Names of columns, or `numbers` for all columns of numbers."},
      {"with", "any", "mean, median, mode or {constant: value}."},
      {"by", "any", "A column, or a list of columns, that tell groups of rows apart."},
      {"indicator", "boolean", "Adds <column>_missing.", false},
  };
  Params parsed(given, params, owner);
  nlohmann::json names = parsed["columns"];
  if (names == "numbers") {
    names = nlohmann::json::array();
    for (const Field& field : schema.fields()) {
      if (is_number(field.type)) names.push_back(field.name);
    }
  }
  if (names.is_string()) names = nlohmann::json::array({names});
  std::vector<ImputeWish> wishes;
  for (const auto& name : names) {
    if (!name.is_string())
      throw Error(Code::invalid, owner + ": `columns` must be names of columns, or `numbers`");
    nlohmann::json how = {{"with", parsed["with"]}, {"indicator", parsed["indicator"]}};
    if (parsed.has("by")) how["by"] = parsed["by"];
    wishes.push_back(parse_wish(schema, name.get<std::string>(), how));
  }
  return wishes;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns and what to fill them with", {},
                "for example: impute: {temp: median, carrier: mode}");
  std::vector<ImputeWish> wishes;
  if (given.contains("columns") && given.contains("with")) {
    wishes = parse_long(given, context.schema);
  } else {
    for (const auto& [name, how] : given.items())
      wishes.push_back(parse_wish(context.schema, name, how));
  }
  check_groups(wishes);
  return fit_impute(std::move(wishes));
}

const RegisterRule register_impute({
    .name = "impute",
    .version = 2,  // groups, which version 1 would leave aside
    .fitted = true,
    .text =
        "Fills missing cells (null, and NaN in columns of numbers) with the mean, median or mode "
        "of the training rows, or with a constant. `indicator: true` adds the boolean column "
        "`<column>_missing`. Mean and median are for numbers and make an int64 column float64; "
        "NaN and infinities are left out of a mean. The median is exact up to 16,384 values, "
        "then its rank is off by at most 0.04 % of the rows; of two values equally frequent the "
        "smaller one is the mode, and beyond 65,536 different values the mode is approximate. A "
        "column without any value in the training rows is an error, but with a constant. With "
        "`by`, each group of rows has its own, and rows whose group has none, or no cell to tell "
        "it by, get that of all rows: at most 10,000 groups, where a median is exact up to 1,024 "
        "values of a group and a mode up to 256 different ones.",
    .example = "- impute: {temp: median, carrier: mode, gate: {constant: none}}\n"
               "- impute: {wind_speed: {with: mean, indicator: true}}\n"
               "- impute: {air_time: {with: median, by: [carrier, dest]}}\n"
               "- impute: {columns: [temp, visib], with: median, indicator: true}",
    .make = make,
    .load = Impute::load,
});

}  // namespace
}  // namespace gristmill
