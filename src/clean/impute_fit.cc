// How `impute` learns what to fill with.
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/impute_fit.h"
#include "clean/impute_groups.h"
#include "sketch/frequent.h"
#include "sketch/moments.h"
#include "sketch/quantiles.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

// Exact up to so many values for a median, and so many different ones for a mode.
struct Precision {
  int64_t median_values;
  size_t mode_values;
};
constexpr Precision of_all = {16384, 65536}, of_group = {1024, 256};

Error refuse(const std::string& column, const std::string& what, const std::string& hint = {}) {
  Where where;
  where.field = column;
  return Error(Code::invalid, fmt::format("{}: {}: {}", owner, column, what), where, hint);
}

struct Nothing {
  void observe(const Column&) {}
  void merge(const Nothing&) {}
};
using Summary = std::variant<Nothing, Moments, Quantiles, FrequentItems>;

Summary empty_summary(const std::string& with, const Precision& precision) {
  if (with == "mean") return Moments();
  if (with == "median") return Quantiles(precision.median_values);
  if (with == "mode") return FrequentItems(precision.mode_values);
  return Nothing();
}

void merge_summary(Summary& summary, const Summary& later) {
  std::visit([&](auto& one) { one.merge(std::get<std::decay_t<decltype(one)>>(later)); }, summary);
}

// The most frequent value; NaN is missing here, whatever it counts.
std::optional<Constant> mode_of(const FrequentItems& items, Type type) {
  Constant value;
  value.type = type;
  ColumnBuffer cell(type);
  for (const auto& item : items.by_count()) {
    cell.clear();
    append_value(cell, item.item);
    const Column view = cell.view();
    if (type == Type::float64) {
      value.number = view.values<double>()[0];
      if (std::isnan(value.number)) continue;
    } else if (type == Type::string) {
      value.text = std::string(view.string(0));
    } else if (type == Type::boolean) {
      value.whole = view.boolean(0);
    } else if (type == Type::date) {
      value.whole = view.values<int32_t>()[0];
    } else {
      value.whole = view.values<int64_t>()[0];
    }
    return value;
  }
  return std::nullopt;
}

// Nothing where there was no value.
std::optional<Constant> value_of_summary(const Summary& summary, Type type) {
  Constant value;
  value.type = type;
  if (const auto* items = std::get_if<FrequentItems>(&summary)) return mode_of(*items, type);
  if (const auto* moments = std::get_if<Moments>(&summary)) {
    if (moments->count == 0) return std::nullopt;
    value.number = moments->mean;
  } else if (const auto* quantiles = std::get_if<Quantiles>(&summary)) {
    if (quantiles->count() == 0) return std::nullopt;
    value.number = quantiles->quantile(0.5);
  }
  return value;
}

Constant learned(const ImputeWish& wish, const Summary& summary) {
  if (wish.with == "constant" || wish.with == "forward") return wish.filling.fill;
  const auto value = value_of_summary(summary, wish.filling.fill.type);
  if (!value)
    throw refuse(wish.filling.name,
                 fmt::format("every training row lacks a value: there is no {}", wish.with),
                 "use a constant, or leave the column out");
  if (!std::isfinite(value->number))
    throw refuse(wish.filling.name, fmt::format("its {} is not finite", wish.with),
                 "cut its values with `range` before");
  return *value;
}

// One column's summary in each group.
class GroupSummaries {
 public:
  explicit GroupSummaries(const ImputeWish& wish) : with_(wish.with), groups_(wish.by) {}

  void observe(const Batch& rows, const Column& column) {
    const std::vector<uint32_t> numbers = groups_.observe(rows);
    grow();
    // The rows of each group together, in their order.
    std::vector<std::vector<int64_t>> members(groups_.size());
    for (int64_t i = 0; i < rows.rows; ++i) {
      if (numbers[size_t(i)] != Groups::none) members[numbers[size_t(i)]].push_back(i);
    }
    ColumnBuffer cells(column.type);
    for (size_t group = 0; group < members.size(); ++group) {
      if (members[group].empty()) continue;
      cells.clear();
      for (int64_t i : members[group]) cells.append(column, i, 1);
      std::visit([&](auto& summary) { summary.observe(cells.view()); }, summaries_[group]);
    }
  }

  void merge(const GroupSummaries& later) {
    const std::vector<uint32_t> numbers = groups_.merge(later.groups_);
    grow();
    for (size_t i = 0; i < numbers.size(); ++i)
      merge_summary(summaries_[numbers[i]], later.summaries_[i]);
  }

  FrozenTable freeze(Type type) const {
    std::vector<std::optional<Constant>> values;
    for (const Summary& summary : summaries_) {
      values.push_back(value_of_summary(summary, type));
      if (values.back() && !std::isfinite(values.back()->number)) values.back().reset();
    }
    return groups_.freeze(values, type);
  }

 private:
  void grow() { summaries_.resize(groups_.size(), empty_summary(with_, of_group)); }

  std::string with_;
  Groups groups_;
  std::vector<Summary> summaries_;
};

class ImputeFit : public RuleFit {
 public:
  explicit ImputeFit(std::vector<ImputeWish> wishes) : wishes_(std::move(wishes)) {
    for (const ImputeWish& wish : wishes_) {
      summaries_.push_back(empty_summary(wish.with, of_all));
      auto& groups = groups_.emplace_back();
      auto& history = histories_.emplace_back();
      const Filling& filling = wish.filling;
      if (wish.with == "forward")
        history.emplace(Field{filling.name, filling.from, true}, wish.time, wish.by);
      else if (!wish.by.empty())
        groups.emplace(wish);
    }
  }

  std::vector<std::string> reads() const override {
    std::vector<std::string> names;
    for (const ImputeWish& wish : wishes_) {
      names.push_back(wish.filling.name);
      for (const Field& field : wish.by) names.push_back(field.name);
      if (wish.with == "forward") names.push_back(wish.time.name);
    }
    return names;
  }

  bool needs_rows() const override {
    return std::any_of(wishes_.begin(), wishes_.end(),
                       [](const ImputeWish& wish) { return wish.with != "constant"; });
  }

  void observe(const FitBatch& batch) override {
    for (size_t i = 0; i < wishes_.size(); ++i) {
      const Filling& filling = wishes_[i].filling;
      const size_t at = bound_column(*batch.rows.schema, filling.name, filling.from, owner);
      const Column& column = batch.rows.columns[at];
      std::visit([&](auto& summary) { summary.observe(column); }, summaries_[i]);
      if (groups_[i]) groups_[i]->observe(batch.rows, column);
      if (histories_[i]) histories_[i]->observe(batch.rows);
    }
  }

  std::unique_ptr<RuleFit> clone_empty() const override {
    return std::make_unique<ImputeFit>(wishes_);
  }

  void merge(RuleFit&& later) override {
    auto& other = dynamic_cast<ImputeFit&>(later);
    for (size_t i = 0; i < summaries_.size(); ++i) {
      merge_summary(summaries_[i], other.summaries_[i]);
      if (groups_[i]) groups_[i]->merge(*other.groups_[i]);
      if (histories_[i]) histories_[i]->merge(*other.histories_[i]);
    }
  }

  std::unique_ptr<Rule> freeze() const override {
    std::vector<Filling> fillings;
    for (size_t i = 0; i < wishes_.size(); ++i) {
      Filling& filling = fillings.emplace_back(wishes_[i].filling);
      filling.fill = learned(wishes_[i], summaries_[i]);
      for (const Field& field : wishes_[i].by) filling.by.push_back(field.name);
      if (groups_[i]) filling.groups = groups_[i]->freeze(filling.fill.type);
      if (!histories_[i]) continue;
      filling.time = wishes_[i].time.name;
      filling.time_type = wishes_[i].time.type;
      filling.history = histories_[i]->freeze();
    }
    return std::make_unique<Impute>(std::move(fillings));
  }

 private:
  std::vector<ImputeWish> wishes_;
  std::vector<Summary> summaries_;
  std::vector<std::optional<GroupSummaries>> groups_;
  std::vector<std::optional<HistoryFit>> histories_;
};

}  // namespace

std::unique_ptr<RuleFit> fit_impute(std::vector<ImputeWish> wishes) {
  return std::make_unique<ImputeFit>(std::move(wishes));
}

}  // namespace gristmill
