// A constant of a column's type, as a rule's parameters write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "frame/column.h"

namespace gristmill {

struct Constant {
  Type type = Type::string;
  int64_t whole = 0;  // boolean, int64, date (days), timestamps (microseconds)
  double number = 0;  // float64
  std::string text;   // string
  bool operator==(const Constant&) const = default;
};

// A typed parameter as a value of a column's type, or nothing when it is not one. Numbers and
// booleans become text in a text column (-999 is "-999"); dates and times are written as text; a
// whole number may be written with a point; "nan" in a float64 column is NaN.
std::optional<Constant> value_of(const nlohmann::json& given, Type type);

// The same from text alone (keys of a YAML mapping are always text).
std::optional<Constant> parse_value(std::string_view text, Type type);

// In a saved state, and back: Code::corrupt when it is not of the type.
nlohmann::json save_value(const Constant& value);
Constant load_value(const nlohmann::json& saved, Type type);

void append_value(ColumnBuffer& out, const Constant& value);
void append_value(ColumnBuffer& out, const std::optional<Constant>& value);  // nothing: null

// A parameter as an error message shows it: its JSON, cut when long.
std::string shown(const nlohmann::json& given);

}  // namespace gristmill
