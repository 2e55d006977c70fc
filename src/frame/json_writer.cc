#include "frame/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

// What stands for itself between quotes.
constexpr std::array<bool, 256> plain_table = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 256; ++c) plain[size_t(c)] = c != '"' && c != '\\';
  return plain;
}();

void append_escape(std::string& out, char c) {
  constexpr std::string_view named = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  out += '\\';
  if (const size_t at = named.find(c); at != named.npos) {
    out += letters[at];
    return;
  }
  constexpr char digits[] = "0123456789abcdef";
  out += "u00";
  out += digits[uint8_t(c) >> 4];
  out += digits[c & 15];
}

template <class Number>
void append_digits(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  out += '"';
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (plain_table[uint8_t(text[i])]) continue;
    out += text.substr(begin, i - begin);
    append_escape(out, text[i]);
    begin = i + 1;
  }
  out += text.substr(begin);
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (std::isfinite(value))
    append_digits(out, value);
  else
    out += "null";
}

void append_json_number(std::string& out, int64_t value) { append_digits(out, value); }

void append_json_cell(std::string& out, const Column& column, int64_t row) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type) {
    case Type::boolean:
      out += column.boolean(row) ? "true" : "false";
      break;
    case Type::int64:
      append_json_number(out, column.values<int64_t>()[row]);
      break;
    case Type::float64:
      append_json_number(out, column.values<double>()[row]);
      break;
    case Type::string:
      append_json_text(out, column.string(row));
      break;
    case Type::date:
    case Type::timestamp:
    case Type::timestamptz:
      out += '"';
      append_text(column, row, out);
      out += '"';
      break;
  }
}

}  // namespace gristmill
