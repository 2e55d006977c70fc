// Encoder `ordinal`: a category as its place in an order that is given.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/level_values.h"
#include "feature/unfitted.h"

namespace gristmill {
namespace {

constexpr size_t most_values = 1000;

class OrdinalFit : public EncoderFit {
 public:
  OrdinalFit(SourceColumn column, const Wants& wants, std::vector<std::string> order)
      : column_(std::move(column)),
        wants_(wants),
        order_(std::move(order)),
        codes_({order_.begin(), order_.end()}) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Batch& rows = seen.rows;
    rows_.resize(order_.size() + LevelTable::first_code);
    const Column& column = column_.named_in(rows);
    for_levels(
        column,
        [&](int64_t, auto level) {
          const int32_t code = codes_.code(level);
          if (code == 1) refuse(level);
          ++rows_[size_t(code)];
        },
        [&](int64_t) { ++rows_[0]; });
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<OrdinalFit>(column_, wants_, order_);
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<OrdinalFit&>(other);
    rows_.resize(std::max(rows_.size(), later.rows_.size()));
    for (size_t code = 0; code < later.rows_.size(); ++code) rows_[code] += later.rows_[code];
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    std::vector<int64_t> rows = rows_;
    rows.resize(order_.size() + LevelTable::first_code);
    const int64_t missing = std::exchange(rows[0], 0);
    const auto met = std::count_if(rows.begin(), rows.end(), [](int64_t n) { return n > 0; });
    if (met == 0) *why = all_missing;
    if (met == 1 && missing == 0) *why = "constant: all its values are the same";
    if (!why->empty()) return nullptr;
    std::vector<double> places(rows.size());
    for (size_t i = 0; i < order_.size(); ++i) places[LevelTable::first_code + i] = double(i);
    const LevelScaling scaling = wants_.scaled ? scaling_of(places, rows, 1) : unscaled(1);
    const std::vector<float> encoded = scaled(places, scaling);
    const bool fills = wants_.fills();
    const bool indicator = fills && missing > 0;
    LevelValues::Table table;
    table.levels = order_;
    table.names = {column_.name()};
    if (indicator) table.names.push_back(column_.name() + "_missing");
    for (size_t code = 0; code < encoded.size(); ++code) {
      const bool known = code >= size_t(LevelTable::first_code);
      const float fill = fills ? 0 : std::numeric_limits<float>::quiet_NaN();
      table.values.push_back(known ? encoded[code] : fill);
      if (indicator) table.values.push_back(float(!known));
    }
    return std::make_unique<LevelValues>(column_, std::move(table));
  }

 private:
  [[noreturn]] void refuse(std::string_view value) const {
    throw Error(
        Code::invalid,
        fmt::format("the column `{}` has the value {}, which `ordinal` does not list",
                    column_.name(), excerpt(value)),
        {.field = column_.name()},
        "put it where it belongs in the order, or clean it with the rule `map` or `missing`");
  }
  [[noreturn]] void refuse(int64_t value) const { refuse(std::to_string(value)); }

  SourceColumn column_;
  Wants wants_;
  std::vector<std::string> order_;
  LevelTable codes_;
  std::vector<int64_t> rows_;  // by code
};

[[noreturn]] void refuse_order(const Field& field, std::string message, std::string hint) {
  throw Error(Code::invalid, "encoder ordinal: " + std::move(message), {.field = field.name},
              std::move(hint));
}

// A level as bytes, of one value of the list.
std::string level_of(const nlohmann::json& value, const Field& field) {
  if (field.type == Type::string) {
    if (!value.is_string())
      refuse_order(field, fmt::format("the column is text, but its order has {}", value.dump()),
                   fmt::format("write \"{}\"", value.dump()));
    if (value.get_ref<const std::string&>().size() > LevelCounts::max_length)
      refuse_order(field, "a value has more than 256 bytes", "shorten it with the rule `map`");
    return value.get<std::string>();
  }
  if (!value.is_number_integer())
    refuse_order(field,
                 fmt::format("the column is whole numbers, but its order has {}", value.dump()),
                 "list whole numbers");
  const auto number = value.get<int64_t>();
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

const std::vector<ParamDoc> docs = {
    {"order", "array", "All values, the lowest first.", nullptr, {}, {}, {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Field& field = context.field;
  const Params params(given.is_array() ? nlohmann::json{{"order", given}} : given, docs,
                      "encoder ordinal");
  require_type(field, "ordinal", {Type::string, Type::int64},
               field.type == Type::boolean ? "choose `boolean`" : "choose another encoder");
  const std::string example = "for example {size: {ordinal: [small, medium, large]}}";
  if (!params.has("order")) refuse_order(field, "no order is given", example);
  std::vector<std::string> order;
  for (const nlohmann::json& value : params["order"]) {
    order.push_back(level_of(value, field));
    if (std::count(order.begin(), order.end(), order.back()) > 1)
      refuse_order(field, fmt::format("{} stands in the order twice", value.dump()), "remove one");
    if (order.size() > most_values)
      refuse_order(field, fmt::format("the order has more than {} values", most_values),
                   "choose `number`, or another encoder");
  }
  if (order.size() < 2) refuse_order(field, "an order has at least two values", example);
  return std::make_unique<OrdinalFit>(SourceColumn(field), context.wants, std::move(order));
}

const RegisterEncoder registered({
    .name = "ordinal",
    .version = 1,
    .text = "Text or whole numbers as their place in the order that is given: 0, 1, 2, … A value "
            "that stands not in it is an error in training, and missing in a request. Trees take a "
            "missing value as NaN; linear models take places scaled to mean 0 and variance 1, a "
            "missing value as 0 and, when training saw one, a column `<name>_missing`.",
    .example = "{size: {ordinal: [small, medium, large]}}",
    .params = docs,
    .make = make,
    .load = [](const State& state) { return LevelValues::load(state, "ordinal"); },
});

}  // namespace

std::unique_ptr<Encoder> unfitted_ordinal(const Field& field, std::vector<std::string> levels) {
  LevelValues::Table table;
  table.names = {field.name};
  table.values.assign(LevelTable::first_code, std::numeric_limits<float>::quiet_NaN());
  for (size_t place = 0; place < levels.size(); ++place) table.values.push_back(float(place));
  table.levels = std::move(levels);
  return std::make_unique<LevelValues>(SourceColumn(field), std::move(table));
}

}  // namespace gristmill
