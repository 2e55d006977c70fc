// $name in SQL, as a literal of its type.
#include <cctype>
#include <cmath>

#include "frame/cell.h"
#include "table/engine.h"
#include "table/sql_text.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::string literal(const std::string& name, const json& value);

// Text that is a date or a time is one: `$since + INTERVAL 1 DAY` means what it says.
std::string text_literal(const std::string& text) {
  int32_t days;
  int64_t micros;
  bool offset = false;
  if (parse_date(text, days)) return "DATE " + quote_text(text);
  if (parse_timestamp(text, micros, &offset)) {
    return (offset ? "TIMESTAMPTZ " : "TIMESTAMP ") + quote_text(text);
  }
  return quote_text(text);
}

std::string list_literal(const std::string& name, const json& values) {
  std::string out = "[";
  for (const json& value : values) out += (out.size() > 1 ? ", " : "") + literal(name, value);
  return out + "]";
}

std::string literal(const std::string& name, const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "NULL";
    case json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned: {
      std::string text = value.dump();
      return text[0] == '-' ? "(" + text + ")" : text;
    }
    case json::value_t::number_float: {
      double number = value.get<double>();
      std::string text = std::isfinite(number) ? value.dump() : fmt::format("'{}'", number);
      return fmt::format("CAST({} AS DOUBLE)", text);
    }
    case json::value_t::string:
      return text_literal(value.get<std::string>());
    case json::value_t::array:
      return list_literal(name, value);
    default:
      throw Error(Code::invalid,
                  fmt::format("the parameter {} is not a number, text or list", name));
  }
}

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

void replace(std::string_view code, const json& params, std::string& out) {
  size_t at = 0;
  while (at < code.size()) {
    bool starts = code[at] == '$' && at + 1 < code.size() && begins_name(code[at + 1]) &&
                  (at == 0 || !in_name(code[at - 1]));
    if (!starts) {
      out += code[at++];
      continue;
    }
    size_t end = at + 1;
    while (end < code.size() && in_name(code[end])) ++end;
    std::string name(code.substr(at + 1, end - at - 1));
    auto found = params.find(name);
    if (found == params.end()) {
      std::vector<std::string> names;
      for (const auto& [key, value] : params.items()) names.push_back(key);
      throw Error(
          Code::invalid, fmt::format("the parameter ${} is not set", name), {},
          names.empty() ? fmt::format("add `params: {{{}: …}}`", name) : did_you_mean(name, names));
    }
    out += literal(name, *found);
    at = end;
  }
}

}  // namespace

std::string Engine::with_params(const std::string& sql, const json& params) {
  const json none = json::object();
  std::string out;
  for (const SqlPiece& piece : sql_pieces(sql)) {
    if (piece.kind == SqlPiece::code) {
      replace(piece.text, params.is_object() ? params : none, out);
    } else {
      out += piece.text;
    }
  }
  return out;
}

}  // namespace gristmill
