#include "clean/value.h"

#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

std::optional<int64_t> whole_of(double number) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!(number >= -limit && number < limit) || number != std::floor(number)) return std::nullopt;
  return int64_t(number);
}

std::optional<int64_t> whole_of(const nlohmann::json& given) {
  if (given.is_number_float()) return whole_of(given.get<double>());
  // nlohmann keeps what is larger than int64 as unsigned.
  if (given.is_number_unsigned() && given.get<uint64_t>() > uint64_t(INT64_MAX))
    return std::nullopt;
  if (given.is_number_integer()) return given.get<int64_t>();
  return std::nullopt;
}

Constant whole_value(Type type, int64_t whole) {
  Constant value;
  value.type = type, value.whole = whole;
  return value;
}

Constant number_value(double number) {
  Constant value;
  value.type = Type::float64, value.number = number + 0.0;
  return value;
}

Constant text_value(std::string text) {
  Constant value;
  value.text = std::move(text);
  return value;
}

}  // namespace

std::optional<Constant> value_of(const nlohmann::json& given, Type type) {
  if (given.is_null() || given.is_structured()) return std::nullopt;
  if (type == Type::string)
    return text_value(given.is_string() ? given.get<std::string>() : given.dump());
  if (type == Type::boolean) {
    if (given.is_boolean()) return whole_value(type, given.get<bool>());
    return std::nullopt;
  }
  if (given.is_string()) {
    // A quoted number is text, and text is never a number; dates have no other way to be written.
    const auto& text = given.get_ref<const std::string&>();
    if (is_number(type) && !(type == Type::float64 && (text == "nan" || text == "NaN")))
      return std::nullopt;
    return parse_value(text, type);
  }
  if (type == Type::float64 && given.is_number()) {
    auto number = given.get<double>();
    return std::isfinite(number) ? std::optional(number_value(number)) : std::nullopt;
  }
  if (type == Type::int64) {
    if (auto whole = whole_of(given)) return whole_value(type, *whole);
  }
  return std::nullopt;
}

std::optional<Constant> parse_value(std::string_view text, Type type) {
  int64_t whole = 0;
  double number = 0;
  bool boolean = false;
  int32_t days = 0;
  switch (type) {
    case Type::string:
      return text_value(std::string(text));
    case Type::boolean:
      return parse_boolean(text, boolean) ? std::optional(whole_value(type, boolean))
                                          : std::nullopt;
    case Type::int64:
      return parse_int64(text, whole) ? std::optional(whole_value(type, whole)) : std::nullopt;
    case Type::float64:
      return parse_float64(text, number) ? std::optional(number_value(number)) : std::nullopt;
    case Type::date:
      return parse_date(text, days) ? std::optional(whole_value(type, days)) : std::nullopt;
    default:
      return parse_timestamp(text, whole) ? std::optional(whole_value(type, whole)) : std::nullopt;
  }
}

nlohmann::json save_value(const Constant& value) {
  if (value.type == Type::string) return value.text;
  if (value.type != Type::float64) return value.whole;
  if (std::isfinite(value.number)) return value.number;
  if (std::isnan(value.number)) return "nan";
  return value.number > 0 ? "inf" : "-inf";
}

Constant load_value(const nlohmann::json& saved, Type type) {
  if (type == Type::string && saved.is_string()) return text_value(saved.get<std::string>());
  if (type == Type::float64 && saved.is_number()) return number_value(saved.get<double>());
  if (type == Type::float64 && saved.is_string()) {
    double number;
    if (parse_float64(saved.get<std::string>(), number)) return number_value(number);
  }
  if (type != Type::string && type != Type::float64 && saved.is_number_integer()) {
    if (auto whole = whole_of(saved)) {
      bool fits = type == Type::boolean ? (*whole == 0 || *whole == 1)
                                        : type != Type::date || *whole == int32_t(*whole);
      if (fits) return whole_value(type, *whole);
    }
  }
  throw Error(Code::corrupt, "a saved value is not of type " + std::string(name_of(type)));
}

void append_value(ColumnBuffer& out, const Constant& value) {
  switch (value.type) {
    case Type::boolean:
      return out.append(value.whole != 0);
    case Type::float64:
      return out.append(value.number);
    case Type::string:
      return out.append(std::string_view(value.text));
    case Type::date:
      return out.append_days(int32_t(value.whole));
    default:
      return out.append(value.whole);
  }
}

void append_value(ColumnBuffer& out, const std::optional<Constant>& value) {
  value ? append_value(out, *value) : out.append_null();
}

std::string shown(const nlohmann::json& given) {
  return shortened(given.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace gristmill
