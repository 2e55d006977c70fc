#include "encoder.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

namespace json = boost::json;

namespace {

double number(const json::value* value, std::string_view column) {
  if (value == nullptr || value->is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (const double* real = value->if_double()) return *real;
  if (const int64_t* whole = value->if_int64()) return double(*whole);
  if (const uint64_t* whole = value->if_uint64()) return double(*whole);
  throw BadRow("column " + std::string(column) + " takes a number");
}

}  // namespace

Encoder::Encoder(const std::string& levels_path) {
  std::ifstream file(levels_path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  json::object all = json::parse(text).as_object();
  for (size_t i = 0; i < category_columns.size(); ++i) {
    int code = 0;
    for (const json::value& level : all.at(category_columns[i]).as_array())
      levels_[i].emplace(std::string(level.as_string()), code++);
  }
}

void Encoder::encode(const json::object& row, double* out) const {
  for (std::string_view column : number_columns) *out++ = number(row.if_contains(column), column);
  for (size_t i = 0; i < category_columns.size(); ++i) {
    const json::value* value = row.if_contains(category_columns[i]);
    if (value == nullptr || value->is_null()) {
      *out++ = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    const json::string* text = value->if_string();
    if (text == nullptr) throw BadRow("column " + std::string(category_columns[i]) + " takes text");
    auto found = levels_[i].find(std::string_view(text->data(), text->size()));
    *out++ = found == levels_[i].end() ? -1 : found->second;
  }
}
