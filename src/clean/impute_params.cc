// How `impute` is written in a project.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "clean/impute_auto.h"
#include "clean/impute_params.h"
#include "clean/impute_rows.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

Error refuse(const std::string& column, const std::string& what, const std::string& hint = {}) {
  Where where;
  where.field = column;
  return Error(Code::invalid, fmt::format("{}: {}: {}", owner, column, what), where, hint);
}

// What comes after a row is not known when a request asks for it.
Error refuse_future(const std::string& column, const std::string& how) {
  return refuse(column,
                fmt::format("`{}` takes what comes after a row, which a request cannot know", how),
                "fill `forward`, from the last value before; or, where the future may be known, in "
                "the SQL of the table");
}

// `how` is mean, median, mode, forward, auto or {constant: x}.
void set_strategy(const Field& field, const nlohmann::json& how, ImputeWish& wish) {
  auto unknown = [&] {
    const std::vector<std::string> known = {"mean", "median", "mode", "forward", "auto"};
    std::string hint = how.is_string() ? did_you_mean(how.get<std::string>(), known) : "";
    return refuse(
        field.name,
        "fill with mean, median, mode, forward, auto or {constant: value}, not " + shown(how),
        hint);
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
  if (how == "backward" || how == "linear") throw refuse_future(field.name, how.get<std::string>());
  if (how == "knn" || how == "iterative")
    throw refuse(field.name,
                 fmt::format("`{}` fills several columns together", how.get<std::string>()),
                 fmt::format("impute: {{columns: [a, b, …], with: {}}}", how.get<std::string>()));
  if (how != "mean" && how != "median" && how != "mode" && how != "forward" && how != "auto")
    throw unknown();
  wish.with = how.get<std::string>();
  if (wish.with == "mode" || wish.with == "forward" || wish.with == "auto") return;
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

void set_time(const Schema& schema, const nlohmann::json& given, ImputeWish& wish) {
  const std::string& name = wish.filling.name;
  if (wish.with == "auto" && given.is_null()) return;
  if (wish.with != "forward" && wish.with != "auto") {
    if (!given.is_null()) throw refuse(name, "`time` is for `with: forward` and `auto` only");
    return;
  }
  if (!given.is_string())
    throw refuse(name, "to fill forward it must be known what comes before",
                 "name the column of times: {with: forward, time: …}");
  wish.time = schema[schema.index_of(given.get<std::string>(), owner)];
  if (!is_time(wish.time.type) && wish.time.type != Type::int64)
    throw refuse(
        name,
        fmt::format("`time` goes by {}, which is {}", wish.time.name, name_of(wish.time.type)),
        "take a date, a time or an integer");
}

// Whether a row's group and time are known must not hang on what the same rule fills.
void check_groups(const std::vector<ImputeWish>& wishes) {
  for (const ImputeWish& wish : wishes) {
    std::vector<Field> by = wish.by;
    if (!wish.time.name.empty()) by.push_back(wish.time);
    for (const Field& field : by) {
      for (const ImputeWish& other : wishes) {
        if (other.filling.name == field.name)
          throw refuse(wish.filling.name,
                       fmt::format("is filled by {}, which the same rule fills", field.name),
                       fmt::format("fill {} in a rule of its own, before or after", field.name));
      }
    }
  }
}

// `given` is a strategy, or a mapping with `with` or `constant`, `by`, `time` and `indicator`.
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
  nlohmann::json time;
  if (how.is_object() && how.contains("time")) {
    time = how["time"];
    how.erase("time");
  }
  if (how.is_object() && how.size() == 1 && how.contains("with")) how = nlohmann::json(how["with"]);
  set_strategy(field, how, wish);
  set_time(schema, time, wish);
  if (wish.with == "constant" && !wish.by.empty())
    throw refuse(name, "a constant is the same in every group", "leave out `by`");
  return wish;
}

// [a, b], a, or `numbers`: all columns of numbers that a class takes in.
std::vector<std::string> parse_columns(nlohmann::json given, const RuleContext& context) {
  std::vector<std::string> names;
  if (given == "numbers") {
    for (const Field& field : context.schema.fields()) {
      if (is_number(field.type) && context.outside_classes.count(lower(field.name)) == 0)
        names.push_back(field.name);
    }
    return names;
  }
  if (given.is_string()) given = nlohmann::json::array({given});
  for (const auto& name : given) {
    if (!name.is_string())
      throw Error(Code::invalid, owner + ": `columns` must be names of columns, or `numbers`");
    names.push_back(name.get<std::string>());
  }
  return names;
}

// {columns: [a, b] | numbers, with: knn, k: 5, indicator: true}
RowsWish parse_rows(const nlohmann::json& given, const RuleContext& context) {
  const Schema& schema = context.schema;
  static const std::vector<ParamDoc> params = {
      {"columns", "any", "Names of columns of numbers, or `numbers` for all of them."},
      {"with", "string", "knn or iterative."},
      {"k", "integer", "How many neighbours, with knn.", 5, 1, 100},
      {"indicator", "boolean", "Adds <column>_missing.", false},
  };
  const Params parsed(given, params, owner);
  RowsWish wish{.with = parsed.text("with"), .indicator = parsed.boolean("indicator")};
  wish.k = int(parsed.integer("k"));
  if (given.contains("k") && wish.with != "knn")
    throw Error(Code::invalid, owner + ": `k` is for `with: knn` only");
  for (const std::string& name : parse_columns(parsed["columns"], context)) {
    const Field& field = schema[schema.index_of(name, owner)];
    if (!is_number(field.type))
      throw refuse(
          name, fmt::format("`{}` fills numbers, and this is {}", wish.with, name_of(field.type)));
    for (const Field& other : wish.columns) {
      if (other.name == name) throw refuse(name, "stands twice in `columns`");
    }
    wish.columns.push_back(field);
  }
  if (wish.columns.size() < RowsWish::columns_least || wish.columns.size() > RowsWish::columns_most)
    throw Error(Code::invalid,
                fmt::format("{}: `{}` fills a column from others: it takes 2 to {} columns of "
                            "numbers, not {}",
                            owner, wish.with, RowsWish::columns_most, wish.columns.size()),
                {}, "name them: {columns: [a, b, …], …}");
  return wish;
}

// {columns: [a, b] | numbers, with: median, indicator: true}
std::vector<ImputeWish> parse_long(const nlohmann::json& given, const RuleContext& context) {
  static const std::vector<ParamDoc> params = {
      {"columns", "any", "Names of columns, or `numbers` for all columns of numbers."},
      {"with", "any", "mean, median, mode, forward, auto or {constant: value}."},
      {"by", "any", "A column, or a list of columns, that tell groups of rows apart."},
      {"time", "string", "What says which rows are before another, to fill forward."},
      {"indicator", "boolean", "Adds <column>_missing.", false},
  };
  Params parsed(given, params, owner);
  std::vector<ImputeWish> wishes;
  for (const std::string& name : parse_columns(parsed["columns"], context)) {
    nlohmann::json how = {{"with", parsed["with"]}, {"indicator", parsed["indicator"]}};
    for (const char* option : {"by", "time"}) {
      if (parsed.has(option)) how[option] = parsed[option];
    }
    wishes.push_back(parse_wish(context.schema, name, how));
  }
  return wishes;
}

}  // namespace

bool is_learned_impute(const nlohmann::json& given) {
  if (!given.is_object()) return false;
  auto is_learned = [](const nlohmann::json& how) {
    return how.is_object() && how.contains("with") ? how["with"].is_string() : how.is_string();
  };
  if (given.contains("columns") && given.contains("with")) return is_learned(given);
  return std::any_of(given.begin(), given.end(), is_learned);
}

std::unique_ptr<RuleFit> make_impute(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns and what to fill them with", {},
                "for example: impute: {temp: median, carrier: mode}");
  std::vector<ImputeWish> wishes;
  if (given.contains("columns") && (given.value("with", nlohmann::json()) == "knn" ||
                                    given.value("with", nlohmann::json()) == "iterative"))
    return fit_impute_rows(parse_rows(given, context));
  if (given.contains("columns") && given.contains("with")) {
    wishes = parse_long(given, context);
  } else {
    for (const auto& [name, how] : given.items())
      wishes.push_back(parse_wish(context.schema, name, how));
  }
  check_groups(wishes);
  const bool any_auto = std::any_of(wishes.begin(), wishes.end(),
                                    [](const ImputeWish& wish) { return wish.with == "auto"; });
  return any_auto ? fit_impute_auto(std::move(wishes)) : fit_impute(std::move(wishes));
}

}  // namespace gristmill
