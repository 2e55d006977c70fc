#include "table/sent_filter.h"

#include <algorithm>
#include <array>

#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

bool is_one_of(const std::string& text, const auto& texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// A constant's text, written as itself or cast to a date or time; null for all else.
const json* text_of(const json& constant) {
  if (json_text(constant, "type") == "OPERATOR_CAST") {
    static constexpr std::array dates = {"DATE", "TIMESTAMP"};
    return is_one_of(json_text(constant.at("cast_type"), "id"), dates)
               ? text_of(constant.at("child"))
               : nullptr;
  }
  if (json_text(constant, "type") != "VALUE_CONSTANT") return nullptr;
  const auto value = constant.at("value").find("value");
  return value != constant.at("value").end() && value->is_string() ? &*value : nullptr;
}

bool is_constant(const json& expression) {
  return json_text(expression, "type") == "VALUE_CONSTANT" || text_of(expression) != nullptr;
}

bool is_number(const json& expression) {
  return json_text(expression, "type") == "VALUE_CONSTANT" &&
         expression.at("value").value("value", json()).is_number();
}

}  // namespace

bool is_plain(const std::string& literal, const std::string& type, bool ascii_only) {
  if (type == "VARCHAR") {
    return std::none_of(literal.begin(), literal.end(), [&](char c) {
      return c == '\\' || c == '\0' || (ascii_only && (c & 0x80) != 0);
    });
  }
  if (type != "DATE" && !type.starts_with("TIMESTAMP")) return true;
  return literal.size() >= 10 && literal[4] == '-' && literal[7] == '-' && literal.back() != ')';
}

ComparedColumn compared_column(const json& condition) {
  static constexpr std::array compared = {"COMPARE_EQUAL", "COMPARE_LESSTHAN",
                                          "COMPARE_GREATERTHAN", "COMPARE_LESSTHANOREQUALTO",
                                          "COMPARE_GREATERTHANOREQUALTO"};
  const std::string type = json_text(condition, "type");
  std::vector<const json*> operands;
  if (type == "COMPARE_BETWEEN") {
    for (const char* operand : {"input", "lower", "upper"})
      operands.push_back(&condition.at(operand));
  } else if (type == "COMPARE_IN") {
    for (const json& child : condition.at("children")) operands.push_back(&child);
  } else if (is_one_of(type, compared)) {
    operands = {&condition.at("left"), &condition.at("right")};
    if (is_constant(*operands[0])) std::swap(operands[0], operands[1]);
  }
  if (operands.size() < 2 || json_text(*operands[0], "type") != "COLUMN_REF" ||
      !std::all_of(operands.begin() + 1, operands.end(),
                   [](const json* operand) { return is_constant(*operand); }))
    return {};
  return {operands[0]->at("column_names").get<std::vector<std::string>>(),
          {operands.begin() + 1, operands.end()},
          type == "COMPARE_EQUAL" || type == "COMPARE_IN"};
}

bool can_send(const ComparedColumn& compared, const std::string& type, bool ascii_only) {
  const bool is_text = type == "VARCHAR", is_date = type == "DATE" || type == "TIMESTAMP";
  return std::all_of(
      compared.constants.begin(), compared.constants.end(), [&](const json* constant) {
        if (type == "DOUBLE") return is_number(*constant);
        const json* text = text_of(*constant);
        const bool cast = json_text(*constant, "type") == "OPERATOR_CAST";
        return (is_date || (is_text && compared.equal && !cast)) && text != nullptr &&
               is_plain(text->get<std::string>(), type, ascii_only);
      });
}

}  // namespace gristmill
