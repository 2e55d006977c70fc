#include "clean/history.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "frame/cell.h"
#include "frame/one_batch.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

Error damaged() { return {Code::corrupt, "the saved history of rule impute is not one"}; }

std::string bytes_of(const Column& column, int64_t i) {
  std::string bytes;
  append_canonical(column, i, bytes);
  return bytes;
}

// A frozen table of `values`, by their number.
FrozenTable numbered(const ColumnBuffer& values) {
  BatchBuffer rows(Schema({{"point", Type::int64, false}, {"value", values.type(), false}}));
  for (int64_t i = 0; i < values.length(); ++i) rows[0].append(i);
  rows[1].append(values.view(), 0, values.length());
  OneBatch reader(rows.view());
  return FrozenTable::build(reader, {"point"}, {"value"}, "the history", "rule impute");
}

}  // namespace

int64_t instant_of(const Column& column, int64_t i) {
  return column.type == Type::date ? int64_t(column.values<int32_t>()[i])
                                   : column.values<int64_t>()[i];
}

History::History(State state)
    : state_(std::move(state)),
      times_(state_.get<int64_t>("times")),
      begins_(state_.get<int64_t>("begins")),
      values_(state_.get_state("values")) {
  if (state_.at<bool>("grouped")) groups_.emplace(state_.get_state("groups"));
  const size_t groups = groups_ ? groups_->rows() : 1;
  if (begins_.size() != groups + 1 || begins_.front() != 0 ||
      begins_.back() != int64_t(times_.size()) || !std::is_sorted(begins_.begin(), begins_.end()) ||
      values_.rows() != times_.size() || values_.values() != 1)
    throw damaged();
  for (size_t g = 0; g < groups; ++g) {
    if (!std::is_sorted(times_.begin() + begins_[g], times_.begin() + begins_[g + 1]))
      throw damaged();
  }
}

uint32_t History::last_before(int64_t time, std::span<const Column* const> by, int64_t i) const {
  const uint32_t group = groups_ ? groups_->find(by, i) : 0;
  if (group == FrozenTable::no_row) return group;
  const auto begin = times_.begin() + begins_[group], end = times_.begin() + begins_[group + 1];
  const auto after = std::lower_bound(begin, end, time);
  return after == begin ? FrozenTable::no_row : uint32_t(after - times_.begin()) - 1;
}

HistoryFit::HistoryFit(Field column, Field time, std::vector<Field> by)
    : column_(std::move(column)), time_(std::move(time)), values_(column_.type) {
  if (!by.empty()) groups_.emplace(std::move(by));
}

void HistoryFit::observe(const Batch& rows) {
  const Column& column =
      rows.columns[bound_column(*rows.schema, column_.name, column_.type, owner)];
  const Column& time = rows.columns[bound_column(*rows.schema, time_.name, time_.type, owner)];
  std::vector<uint32_t> groups(size_t(rows.rows), 0);
  if (groups_) groups = groups_->observe(rows);
  for (int64_t i = 0; i < rows.rows; ++i) {
    if (column.is_null(i) || time.is_null(i) || groups[size_t(i)] == Groups::none) continue;
    if (column.type == Type::float64 && std::isnan(column.values<double>()[i])) continue;
    group_.push_back(groups[size_t(i)]);
    times_.push_back(instant_of(time, i));
    values_.append(column, i, 1);
  }
  check_size();
}

void HistoryFit::merge(const HistoryFit& later) {
  std::vector<uint32_t> numbers = {0};
  if (groups_) numbers = groups_->merge(*later.groups_);
  for (const uint32_t group : later.group_) group_.push_back(numbers[group]);
  times_.insert(times_.end(), later.times_.begin(), later.times_.end());
  values_.append(later.values_.view(), 0, later.values_.length());
  check_size();
}

void HistoryFit::check_size() const {
  if (times_.size() <= known_most) return;
  throw Error(Code::exhausted,
              fmt::format("{}: {} has more than {} known values to fill forward from", owner,
                          column_.name, known_most),
              {.field = column_.name}, "fill it forward in the table's SQL");
}

History HistoryFit::freeze() const {
  std::vector<uint32_t> order(times_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::tie(group_[a], times_[a], a) < std::tie(group_[b], times_[b], b);
  });
  const Column values = values_.view();
  std::vector<int64_t> times, begins = {0};
  ColumnBuffer kept(column_.type);
  std::string last;  // the value kept last, in its group
  for (size_t k = 0; k < order.size(); ++k) {
    const uint32_t at = order[k];
    const bool superseded = k + 1 < order.size() && group_[order[k + 1]] == group_[at] &&
                            times_[order[k + 1]] == times_[at];
    if (superseded) continue;
    for (; begins.size() <= group_[at]; last.clear()) begins.push_back(int64_t(times.size()));
    std::string value = bytes_of(values, at);
    if (value == last) continue;
    last = std::move(value);
    times.push_back(times_[at]);
    kept.append(values, at, 1);
  }
  begins.resize((groups_ ? groups_->size() : 1) + 1, int64_t(times.size()));
  if (times.size() > points_most)
    throw Error(Code::exhausted,
                fmt::format("{}: {} changes more than {} times; its history would be in every "
                            "bundle",
                            owner, column_.name, points_most),
                {.field = column_.name}, "fill it forward in the table's SQL");
  State state;
  state.put("times", std::move(times));
  state.put("begins", std::move(begins));
  state.put_state("values", numbered(kept).state());
  state.json["grouped"] = groups_.has_value();
  if (groups_) {
    std::vector<std::optional<Constant>> numbers;
    for (size_t g = 0; g < groups_->size(); ++g)
      numbers.push_back(Constant{.type = Type::int64, .whole = int64_t(g)});
    state.put_state("groups", groups_->freeze(numbers, Type::int64).state());
  }
  return History(std::move(state));
}

}  // namespace gristmill
