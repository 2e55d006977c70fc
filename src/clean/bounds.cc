#include "clean/bounds.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/value.h"

namespace gristmill {
namespace {

Error refuse(const std::string& owner, const Field& field, const std::string& what,
             const std::string& hint = {}) {
  Where where;
  where.field = field.name;
  return Error(Code::invalid, fmt::format("{}: {}: {}", owner, field.name, what), where, hint);
}

// Bounds of whole numbers may be fractions: the interval shrinks to the whole numbers inside it.
int64_t whole_bound(double bound) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (bound < -limit) return std::numeric_limits<int64_t>::min();
  if (bound >= limit) return std::numeric_limits<int64_t>::max();
  return int64_t(bound);
}

int32_t as_days(int64_t bound) {
  return int32_t(std::clamp<int64_t>(bound, std::numeric_limits<int32_t>::min(),
                                     std::numeric_limits<int32_t>::max()));
}

}  // namespace

Bounds Bounds::parse(const nlohmann::json& given, const Field& field, const std::string& owner) {
  if (!is_number(field.type) && !is_time(field.type))
    throw refuse(owner, field, fmt::format("a {} column has no range", name_of(field.type)),
                 field.type == Type::string
                     ? "make it a number, date or time first, with the rule `parse`"
                     : "");
  if (!given.is_array() || given.size() != 2)
    throw refuse(owner, field, "a range is [low, high], not " + shown(given),
                 "write null for an end that is open");
  Bounds bounds;
  bounds.type = field.type;
  for (int end : {0, 1}) {
    const auto& bound = given[size_t(end)];
    if (bound.is_null()) continue;
    if (field.type == Type::int64 && bound.is_number_float()) {
      auto number = bound.get<double>();
      if (end == 0) bounds.first = whole_bound(std::ceil(number));
      if (end == 1) bounds.last = whole_bound(std::floor(number));
      continue;
    }
    auto value = value_of(bound, field.type);
    if (!value || std::isnan(value->number))
      throw refuse(
          owner, field,
          fmt::format("{} is not a bound for a {} column", shown(bound), name_of(field.type)));
    (end == 0 ? bounds.low : bounds.high) = value->number;
    (end == 0 ? bounds.first : bounds.last) = value->whole;
  }
  if (field.type == Type::float64 ? bounds.low > bounds.high : bounds.first > bounds.last)
    throw refuse(owner, field, "the range " + shown(given) + " is empty",
                 "the lower end comes first");
  return bounds;
}

nlohmann::json Bounds::json() const {
  if (type != Type::float64) return {first, last};
  auto end = [](double bound) { return std::isfinite(bound) ? nlohmann::json(bound) : nullptr; };
  return {end(low), end(high)};
}

Bounds Bounds::from_json(const nlohmann::json& saved, Type type) {
  if (!saved.is_array() || saved.size() != 2)
    throw Error(Code::corrupt, "a saved range does not have two ends");
  Bounds bounds;
  bounds.type = type;
  if (type == Type::float64) {
    if (!saved[0].is_null()) bounds.low = load_value(saved[0], type).number;
    if (!saved[1].is_null()) bounds.high = load_value(saved[1], type).number;
  } else if (type == Type::string || type == Type::boolean) {
    throw Error(Code::corrupt, "a saved range is of a type without order");
  } else {
    bounds.first = load_value(saved[0], Type::int64).whole;
    bounds.last = load_value(saved[1], Type::int64).whole;
  }
  return bounds;
}

bool Bounds::find_outside(const Column& column, uint64_t* hits) const {
  if (type != Type::float64) return find_beyond(column, hits);
  // Not "below or above": NaN is neither.
  return find_number_hits<double>(
      column, hits, [a = low, b = high](auto v) { return ((v >= a) & (v <= b)) == 0; });
}

bool Bounds::find_beyond(const Column& column, uint64_t* hits) const {
  auto find = [&]<class T>(T a, T b) {
    return find_number_hits<T>(column, hits, [a, b](auto v) { return (v < a) | (v > b); });
  };
  if (type == Type::float64) return find(low, high);
  if (type == Type::date) return find(as_days(first), as_days(last));
  return find(first, last);
}

void Bounds::clip(Column& column, const uint64_t* hits, Scratch& scratch) const {
  auto clip = [&]<class T>(T a, T b) {
    T* cells = scratch.values<T>(column.length);
    std::copy_n(column.values<T>(), column.length, cells);
    for_hits(hits, column.length, [&](int64_t i) { cells[i] = cells[i] < a ? a : b; });
    column.data = cells;
  };
  if (type == Type::float64) return clip(low, high);
  if (type == Type::date) return clip(as_days(first), as_days(last));
  clip(first, last);
}

}  // namespace gristmill
