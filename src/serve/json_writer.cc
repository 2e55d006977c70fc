#include "serve/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "frame/cell.h"

namespace gristmill {
namespace {

// Printable ASCII without quote and backslash stands for itself.
constexpr std::array<bool, 256> plain_table = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c) plain[size_t(c)] = c != '"' && c != '\\';
  return plain;
}();

bool is_plain(std::string_view text) {
  for (unsigned char c : text)
    if (!plain_table[c]) return false;
  return true;
}

template <class Number>
void append_digits(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
