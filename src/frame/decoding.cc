#include "frame/decoding.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>
#include <unordered_map>
#include <unordered_set>

namespace gristmill {

namespace {

// Bytes of the character at text[i], or 0 when it is not well-formed UTF-8 (Unicode table 3-7).
size_t character_bytes(std::string_view text, size_t i) {
  auto byte = [&](size_t k) { return i + k < text.size() ? uint8_t(text[i + k]) : uint8_t(0); };
  auto follows = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_ascii(std::string_view text) {
  uint64_t bits = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof(word));
    bits |= word;
  }
  for (; i < text.size(); ++i) bits |= uint64_t(uint8_t(text[i]));
  return (bits & 0x8080808080808080u) == 0;
}

}  // namespace

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

std::string excerpt(std::string_view text) {
  constexpr int characters_max = 60;
  std::string out = "\"";
  size_t i = 0;
  for (int characters = 0; i < text.size() && characters < characters_max; ++characters) {
    const size_t bytes = character_bytes(text, i);
    if (bytes == 0 || uint8_t(text[i]) < 0x20 || text[i] == 0x7F) {
      out += fmt::format("\\x{:02x}", uint8_t(text[i]));
      i += 1;
    } else {
      out += text.substr(i, bytes);
      i += bytes;
    }
  }
  out += i < text.size() ? "…\"" : "\"";
  return out;
}

size_t find_invalid_utf8(std::string_view text) {
  constexpr size_t short_text = 64;  // where a call costs more than a glance
  if (text.size() <= short_text && is_ascii(text)) return std::string_view::npos;
  if (simdjson::validate_utf8(text.data(), text.size())) return std::string_view::npos;
  for (size_t i = 0; i < text.size();) {
    const size_t bytes = character_bytes(text, i);
    if (bytes == 0) return i;
    i += bytes;
  }
  return std::string_view::npos;
}

std::string unknown_hint(std::string_view missing, std::span<const std::string> unknown) {
  const std::string near = nearest(missing, unknown);
  if (near.empty()) return "";
  return fmt::format("\"{}\" is not known; did you mean \"{}\"?", near, missing);
}

void throw_null(const Field& field, int64_t row, const std::string& place) {
  Where where;
  where.row = row;
  where.field = field.name;
  throw Error(Code::invalid,
              fmt::format("{}column \"{}\" is empty, but it must have {}", place, field.name,
                          kind_of(field.type)),
              where);
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
