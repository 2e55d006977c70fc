// What a column held at which time, by group: training's known values, frozen, to be asked for the
// last one before a time. So a row's answer depends on that row alone, in training and in a
// request.
//
// State: `times` i64, ascending in each group; `begins` i64[groups + 1]; a FrozenTable `values`
// with one row a point; and, where there are groups, a FrozenTable `groups` from their key to their
// number.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clean/frozen_table.h"
#include "clean/impute_groups.h"

namespace gristmill {

// Of a date, a time or an int64 column: what instants are compared by.
int64_t instant_of(const Column& column, int64_t i);

class History {
 public:
  explicit History(State state);  // Code::corrupt
  bool grouped() const { return groups_.has_value(); }
  const std::vector<Column>& keys() const { return groups_->keys(); }  // where grouped
  Type type() const { return values_.value_type(0); }

  // The point of the last value before `time` in the group that cell `i` of each of `by` names, or
  // FrozenTable::no_row. O(log points).
  uint32_t last_before(int64_t time, std::span<const Column* const> by, int64_t i) const;
  // The values of points[0 … n); null where there is none.
  void gather(const uint32_t* points, int64_t n, ColumnBuffer& out, Scratch& scratch) const {
    values_.gather(0, points, n, out, scratch);
  }
  const State& state() const { return state_; }

 private:
  State state_;  // keeps the bytes alive
  std::span<const int64_t> times_, begins_;
  FrozenTable values_;
  std::optional<FrozenTable> groups_;
};

// Gathers the known values of training rows; merged in the order of chunks.
class HistoryFit {
 public:
  static constexpr size_t known_most = 8'000'000;   // values held while fitting
  static constexpr size_t points_most = 1'000'000;  // frozen: equal ones in a row are one point

  HistoryFit(Field column, Field time, std::vector<Field> by);
  void observe(const Batch& rows);
  void merge(const HistoryFit& later);
  // Of several values at one time the last row's is taken. O(n log n). Code::exhausted past
  // points_most.
  History freeze() const;

 private:
  void check_size() const;

  Field column_, time_;
  std::optional<Groups> groups_;
  std::vector<uint32_t> group_;
  std::vector<int64_t> times_;
  ColumnBuffer values_;
};

}  // namespace gristmill
