// An interval of a column's values: [low, high], either end open when null.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "clean/cells.h"

namespace gristmill {

struct Bounds {
  Type type = Type::float64;
  double low = -std::numeric_limits<double>::infinity();  // float64
  double high = std::numeric_limits<double>::infinity();
  int64_t first = std::numeric_limits<int64_t>::min();  // int64, dates and times
  int64_t last = std::numeric_limits<int64_t>::max();

  // `given` is [low, high]; numbers, or dates and times as text. Code::invalid, naming `owner`.
  static Bounds parse(const nlohmann::json& given, const Field& field, const std::string& owner);
  nlohmann::json json() const;
  static Bounds from_json(const nlohmann::json& saved, Type type);  // Code::corrupt

  // Marks the present cells outside; NaN is outside of every interval.
  bool find_outside(const Column& column, uint64_t* hits) const;
  // The same, but NaN lies neither below nor above.
  bool find_beyond(const Column& column, uint64_t* hits) const;
  // Points `column` at a copy in which the hit cells are at the end they lie beyond.
  void clip(Column& column, const uint64_t* hits, Scratch& scratch) const;
};

}  // namespace gristmill
