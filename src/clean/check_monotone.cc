// Check `monotone`: values that only rise, or fall, from row to row.
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "clean/cells.h"
#include "clean/check.h"
#include "clean/value.h"
#include "frame/cell.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

constexpr size_t groups_most = 1'000'000;

struct Direction {
  bool falls = false, strict = false;
  std::string text() const {
    return fmt::format("{}{}", strict ? "strictly " : "", falls ? "decreasing" : "increasing");
  }
};

// A cell, and where it stands: "row 13 (id 7): reading = 4.5".
struct Seen {
  int64_t whole = 0;
  double number = 0;
  std::string text, place;
};

// The first and the last cell of a group among consecutive rows.
struct Ends {
  Seen first, last;
  int64_t last_at = -1;  // its row, while its batch is observed: then `last.place` is still to come
};

class MonotoneCheck : public Check {
 public:
  MonotoneCheck(Field field, Direction direction, std::vector<std::string> by)
      : field_(std::move(field)), direction_(direction), by_(std::move(by)) {}

  std::string name() const override { return "monotone " + field_.name; }
  std::vector<std::string> reads() const override {
    std::vector<std::string> names = by_;
    names.push_back(field_.name);
    return names;
  }
  void observe(const CheckRows& batch) override;
  std::unique_ptr<Check> clone_empty() const override {
    return std::make_unique<MonotoneCheck>(field_, direction_, by_);
  }
  void merge(Check&& later) override;
  nlohmann::json measured() const override;
  std::string conflict(const Check& other) const override;

 private:
  static Seen seen(const Column& column, int64_t i);
  std::string place(const Column& column, const CheckRows& batch, int64_t i) const;
  bool follows(const Seen& before, const Seen& after) const;
  void add_example(const std::string& before, const std::string& after);
  void check_groups() const;

  Field field_;
  Direction direction_;
  std::vector<std::string> by_;
  std::unordered_map<std::string, Ends> groups_;  // by the canonical bytes of `by`
  int64_t count_ = 0;
  std::vector<std::string> examples_;
};

Seen MonotoneCheck::seen(const Column& column, int64_t i) {
  switch (column.type) {
    case Type::float64:
      return {.number = column.values<double>()[i]};
    case Type::string:
      return {.text = std::string(column.string(i))};
    case Type::date:
      return {.whole = column.values<int32_t>()[i]};
    default:
      return {.whole = column.values<int64_t>()[i]};
  }
}

std::string MonotoneCheck::place(const Column& column, const CheckRows& batch, int64_t i) const {
  return fmt::format("{}: {} = {}", batch.place(i), field_.name, report_text(column, i));
}

bool MonotoneCheck::follows(const Seen& before, const Seen& after) const {
  auto holds = [this](const auto& a, const auto& b) {
    if (direction_.falls) return direction_.strict ? b < a : b <= a;
    return direction_.strict ? a < b : a <= b;
  };
  if (field_.type == Type::float64) return holds(before.number, after.number);
  if (field_.type == Type::string) return holds(before.text, after.text);
  return holds(before.whole, after.whole);
}

void MonotoneCheck::add_example(const std::string& before, const std::string& after) {
  ++count_;
  if (examples_.size() < check_examples_most)
    examples_.push_back(fmt::format("{} after {}", after, before));
}

void MonotoneCheck::observe(const CheckRows& batch) {
  const Schema& schema = *batch.rows.schema;
  const Column& column =
      batch.rows.columns[bound_column(schema, field_.name, field_.type, check_owner)];
  std::vector<const Column*> by;
  for (const std::string& name : by_)
    by.push_back(&batch.rows.columns[schema.index_of(name, check_owner)]);
  std::string key;
  for_present(column, [&](int64_t i) {
    if (column.type == Type::float64 && std::isnan(column.values<double>()[i])) return;
    key.clear();
    for (const Column* cell : by) append_canonical(*cell, i, key);
    Seen now = seen(column, i);
    auto [found, is_new] = groups_.try_emplace(key);
    Ends& ends = found->second;
    if (is_new) {
      ends.first = now;
      ends.first.place = place(column, batch, i);
    } else if (!follows(ends.last, now)) {
      add_example(ends.last_at < 0 ? ends.last.place : place(column, batch, ends.last_at),
                  place(column, batch, i));
    }
    ends.last = std::move(now);
    ends.last_at = i;
  });
  for (auto& [unused, ends] : groups_) {
    if (ends.last_at >= 0) ends.last.place = place(column, batch, ends.last_at);
    ends.last_at = -1;
  }
  check_groups();
}

void MonotoneCheck::merge(Check&& later) {
  auto& other = dynamic_cast<MonotoneCheck&>(later);
  // What lies between the two comes before what lies within the later one.
  for (auto& [key, ends] : other.groups_) {
    auto [found, is_new] = groups_.try_emplace(key, ends);
    if (is_new) continue;
    if (!follows(found->second.last, ends.first))
      add_example(found->second.last.place, ends.first.place);
    found->second.last = std::move(ends.last);
  }
  count_ += other.count_;
  for (std::string& example : other.examples_) {
    if (examples_.size() < check_examples_most) examples_.push_back(std::move(example));
  }
  check_groups();
}

void MonotoneCheck::check_groups() const {
  if (groups_.size() <= groups_most) return;
  throw Error(Code::exhausted,
              fmt::format("{}: monotone {}: `by` makes more than {} groups", check_owner,
                          field_.name, groups_most),
              {.field = field_.name}, "a check with `sql` and lag() … OVER can do that");
}

nlohmann::json MonotoneCheck::measured() const {
  if (count_ == 0) return Finding{}.json();
  const std::string within = by_.empty() ? "" : fmt::format(" within {}", fmt::join(by_, ", "));
  return Finding{
      true,
      fmt::format("column {} is not {}{}: {} out of order", field_.name, direction_.text(), within,
                  counted(count_, "row") + (count_ == 1 ? " is" : " are")),
      examples_}
      .json();
}

std::string MonotoneCheck::conflict(const Check& other) const {
  auto* check = dynamic_cast<const MonotoneCheck*>(&other);
  if (check == nullptr || check->field_.name != field_.name || check->by_ != by_ ||
      check->direction_.falls == direction_.falls ||
      !(direction_.strict || check->direction_.strict))
    return "";
  return fmt::format("it cannot be both {} and {}", direction_.text(), check->direction_.text());
}

Direction parse_direction(const std::string& column, const nlohmann::json& given) {
  for (const bool falls : {false, true}) {
    for (const bool strict : {false, true}) {
      const Direction direction{falls, strict};
      if (given == direction.text()) return direction;
    }
  }
  throw check_error(fmt::format("monotone {}: {} is no order", column, shown(given)), column,
                    "increasing or decreasing, with `strictly` before it when equal values are "
                    "wrong, too");
}

std::vector<std::string> parse_by(const nlohmann::json& given, const CheckContext& context) {
  std::vector<std::string> by;
  if (given.is_null()) return by;
  for (const nlohmann::json& name : given.is_array() ? given : nlohmann::json::array({given})) {
    if (!name.is_string())
      throw check_error("monotone: `by` must name columns, not " + shown(name), "");
    by.push_back(name.get<std::string>());
    context.schema.index_of(by.back(), check_owner);
  }
  return by;
}

std::unique_ptr<Check> make(const Field& field, const nlohmann::json& given,
                            const CheckContext& context) {
  if (field.type == Type::boolean)
    throw check_error(fmt::format("monotone {}: a boolean column has no order", field.name),
                      field.name);
  if (context.order == CheckContext::Order::none)
    throw check_error(
        fmt::format("monotone {}: {} has no key, so its rows are in the order of all columns",
                    field.name, context.table),
        field.name, "name the table's key: its rows come in the order of it");
  if (!given.is_object())
    return std::make_unique<MonotoneCheck>(field, parse_direction(field.name, given),
                                           std::vector<std::string>());
  const Params params(given, {{"is", "string", ""}, {"by", "any", ""}},
                      check_owner + ": monotone " + field.name);
  return std::make_unique<MonotoneCheck>(field, parse_direction(field.name, params["is"]),
                                         parse_by(params["by"], context));
}

const RegisterCheck register_monotone({
    .name = "monotone",
    .type = "object",
    .text =
        "Columns whose values rise or fall from row to row: increasing, decreasing, and strictly "
        "so; or {is: increasing, by: meter}: within the rows of each meter. Rows come in the order "
        "of the table's key, or of its file; nulls are passed over.",
    .example = "monotone: {time_hour: {is: increasing, by: [carrier, flight]}}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column("monotone", given, context,
                                [&](const Field& field, const nlohmann::json& direction) {
                                  return make(field, direction, context);
                                });
        },
});

}  // namespace
}  // namespace gristmill
