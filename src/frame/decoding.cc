#include "frame/decoding.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

namespace gristmill {

std::string_view kind_of(Type type) {
  switch (type) {
    case Type::boolean:
      return "true or false";
    case Type::int64:
      return "an integer";
    case Type::float64:
      return "a number";
    case Type::string:
      return "text";
    case Type::date:
      return "a date such as 2013-01-31";
    case Type::timestamp:
      return "a time such as 2013-01-31T17:05:00";
    case Type::timestamptz:
      return "a time such as 2013-01-31T17:05:00Z";
  }
  return "a value";
}

std::string unknown_hint(std::string_view missing, std::span<const std::string> unknown) {
  const std::string near = unknown.size() == 1 ? unknown[0] : nearest(missing, unknown);
  if (near.empty()) return "";
  return fmt::format("\"{}\" is not known; did you mean \"{}\"?", near, missing);
}

Error missing_value(const Field& field, int64_t row) {
  return {
      Code::invalid,
      fmt::format("column \"{}\" is empty, but it must have {}", field.name, kind_of(field.type)),
      {.field = field.name, .row = row}};
}

ColumnMatch match_columns(const Expected& expected, std::span<const std::string> names) {
  ColumnMatch match;
  const Schema& schema = expected.schema;
  match.source.assign(schema.size(), -1);
  match.field.assign(names.size(), -1);

  std::unordered_map<std::string_view, size_t> fields;
  for (size_t i = 0; i < schema.size(); ++i) fields.emplace(schema[i].name, i);
  const std::unordered_set<std::string_view> ignored(expected.ignored.begin(),
                                                     expected.ignored.end());
  std::unordered_set<std::string_view> met;
  for (size_t c = 0; c < names.size(); ++c) {
    const std::string& name = names[c];
    if (!met.insert(name).second && !name.empty()) {
      Where where;
      where.field = name;
      throw Error(Code::invalid, fmt::format("column {} occurs twice", excerpt(name)), where);
    }
    if (auto it = fields.find(name); it != fields.end()) {
      if (match.source[it->second] >= 0) continue;
      match.source[it->second] = int(c);
      match.field[c] = int(it->second);
    } else if (!ignored.contains(name)) {
      match.unknown.push_back(name);
    }
  }

  bool any = schema.size() == 0;
  for (size_t i = 0; i < schema.size(); ++i) {
    any = any || match.source[i] >= 0;
    if (match.source[i] >= 0 || schema[i].nullable) continue;
    Where where;
    where.field = schema[i].name;
    throw Error(Code::invalid, fmt::format("column \"{}\" is missing", schema[i].name), where,
                unknown_hint(schema[i].name, match.unknown));
  }
  if (!any) {
    throw Error(Code::invalid, "none of the expected columns is there", {},
                fmt::format("the first expected column is \"{}\", the first one found {}",
                            schema[0].name, names.empty() ? "none" : excerpt(names[0])));
  }
  return match;
}

}  // namespace gristmill
