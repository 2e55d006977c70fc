// How `impute` learns what to fill with, and how it is written.
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/impute.h"
#include "sketch/frequent.h"
#include "sketch/moments.h"
#include "sketch/quantiles.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";
constexpr int64_t median_k = 16384;   // exact up to so many values
constexpr size_t mode_limit = 65536;  // exact up to so many different values

Error refuse(const std::string& column, const std::string& what, const std::string& hint = {}) {
  Where where;
  where.field = column;
  return Error(Code::invalid, fmt::format("{}: {}: {}", owner, column, what), where, hint);
}

// What one column is to be filled with.
struct Wish {
  Filling filling;   // `fill` is set for a constant
  std::string with;  // "mean", "median", "mode" or "constant"
};

struct Nothing {
  void observe(const Column&) {}
  void merge(const Nothing&) {}
};
using Summary = std::variant<Nothing, Moments, Quantiles, FrequentItems>;

Summary empty_summary(const std::string& with) {
  if (with == "mean") return Moments();
  if (with == "median") return Quantiles(median_k);
  if (with == "mode") return FrequentItems(mode_limit);
  return Nothing();
}

Constant learned(const Wish& wish, const Summary& summary) {
  Constant value = wish.filling.fill;
  auto none = [&] {
    return refuse(wish.filling.name,
                  fmt::format("every training row lacks a value: there is no {}", wish.with),
                  "use a constant, or leave the column out");
  };
  if (const auto* moments = std::get_if<Moments>(&summary)) {
    if (moments->count == 0) throw none();
    value.number = moments->mean;
  } else if (const auto* quantiles = std::get_if<Quantiles>(&summary)) {
    if (quantiles->count() == 0) throw none();
    value.number = quantiles->quantile(0.5);
  } else if (const auto* items = std::get_if<FrequentItems>(&summary)) {
    // NaN is missing here, whatever it counts.
    ColumnBuffer cell(value.type);
    for (const auto& item : items->by_count()) {
      cell.clear();
      append_value(cell, item.item);
      const Column view = cell.view();
      if (value.type == Type::float64) {
        value.number = view.values<double>()[0];
        if (std::isnan(value.number)) continue;
      } else if (value.type == Type::string) {
        value.text = std::string(view.string(0));
      } else if (value.type == Type::boolean) {
        value.whole = view.boolean(0);
      } else if (value.type == Type::date) {
        value.whole = view.values<int32_t>()[0];
      } else {
        value.whole = view.values<int64_t>()[0];
      }
      return value;
    }
    throw none();
  }
  if (!std::isfinite(value.number))
    throw refuse(wish.filling.name, fmt::format("its {} is not finite", wish.with),
                 "cut its values with `range` before");
  return value;
}

class ImputeFit : public RuleFit {
 public:
  explicit ImputeFit(std::vector<Wish> wishes) : wishes_(std::move(wishes)) {
    for (const Wish& wish : wishes_) summaries_.push_back(empty_summary(wish.with));
  }

  std::vector<std::string> reads() const override {
    std::vector<std::string> names;
    for (const Wish& wish : wishes_) names.push_back(wish.filling.name);
    return names;
  }

  bool needs_rows() const override {
    return std::any_of(wishes_.begin(), wishes_.end(),
                       [](const Wish& wish) { return wish.with != "constant"; });
  }

  void observe(const FitBatch& batch) override {
    for (size_t i = 0; i < wishes_.size(); ++i) {
      const Filling& filling = wishes_[i].filling;
      size_t at = bound_column(*batch.rows.schema, filling.name, filling.from, owner);
      std::visit([&](auto& summary) { summary.observe(batch.rows.columns[at]); }, summaries_[i]);
    }
  }

  std::unique_ptr<RuleFit> clone_empty() const override {
    return std::make_unique<ImputeFit>(wishes_);
  }

  void merge(RuleFit&& later) override {
    auto& other = dynamic_cast<ImputeFit&>(later);
    for (size_t i = 0; i < summaries_.size(); ++i) {
      std::visit(
          [&](auto& summary) {
            summary.merge(std::get<std::decay_t<decltype(summary)>>(other.summaries_[i]));
          },
          summaries_[i]);
    }
  }

  std::unique_ptr<Rule> freeze() const override {
    std::vector<Filling> fillings;
    for (size_t i = 0; i < wishes_.size(); ++i) {
      fillings.push_back(wishes_[i].filling);
      if (wishes_[i].with != "constant") fillings.back().fill = learned(wishes_[i], summaries_[i]);
    }
    return std::make_unique<Impute>(std::move(fillings));
  }

 private:
  std::vector<Wish> wishes_;
  std::vector<Summary> summaries_;
};

// `how` is mean, median, mode or {constant: x}.
void set_strategy(const Field& field, const nlohmann::json& how, Wish& wish) {
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

// `given` is a strategy, or a mapping with `with` or `constant`, and `indicator`.
Wish parse_wish(const Schema& schema, const std::string& name, const nlohmann::json& given) {
  const Field& field = schema[schema.index_of(name, owner)];
  Wish wish;
  wish.filling.name = field.name;
  wish.filling.from = field.type;
  nlohmann::json how = given;
  if (how.is_object() && how.contains("indicator")) {
    if (!how["indicator"].is_boolean())
      throw refuse(name, "`indicator` must be true or false, not " + shown(how["indicator"]));
    wish.filling.indicator = how["indicator"].get<bool>();
    how.erase("indicator");
  }
  if (how.is_object() && how.size() == 1 && how.contains("with")) how = nlohmann::json(how["with"]);
  set_strategy(field, how, wish);
  return wish;
}

// {columns: [a, b] | numbers, with: median, indicator: true}
std::vector<Wish> parse_long(const nlohmann::json& given, const Schema& schema) {
  static const std::vector<ParamDoc> params = {
      {"columns", "any", "Names of columns, or `numbers` for all columns of numbers."},
      {"with", "any", "mean, median, mode or {constant: value}."},
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
  std::vector<Wish> wishes;
  for (const auto& name : names) {
    if (!name.is_string())
      throw Error(Code::invalid, owner + ": `columns` must be names of columns, or `numbers`");
    wishes.push_back(parse_wish(schema, name.get<std::string>(),
                                {{"with", parsed["with"]}, {"indicator", parsed["indicator"]}}));
  }
  return wishes;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns and what to fill them with", {},
                "for example: impute: {temp: median, carrier: mode}");
  std::vector<Wish> wishes;
  if (given.contains("columns") && given.contains("with")) {
    wishes = parse_long(given, context.schema);
  } else {
    for (const auto& [name, how] : given.items())
      wishes.push_back(parse_wish(context.schema, name, how));
  }
  return std::make_unique<ImputeFit>(std::move(wishes));
}

const RegisterRule register_impute({
    .name = "impute",
    .fitted = true,
    .text =
        "Fills missing cells (null, and NaN in columns of numbers) with the mean, median or mode "
        "of the training rows, or with a constant. `indicator: true` adds the boolean column "
        "`<column>_missing`. Mean and median are for numbers and make an int64 column float64; "
        "NaN and infinities are left out of a mean. The median is exact up to 16,384 values, "
        "then its rank is off by at most 0.04 % of the rows; of two values equally frequent the "
        "smaller one is the mode, and beyond 65,536 different values the mode is approximate. A "
        "column without any value in the training rows is an error, but with a constant.",
    .example = "- impute: {temp: median, carrier: mode, gate: {constant: none}}\n"
               "- impute: {wind_speed: {with: mean, indicator: true}}\n"
               "- impute: {columns: [temp, visib], with: median, indicator: true}",
    .make = make,
    .load = Impute::load,
});

}  // namespace
}  // namespace gristmill
