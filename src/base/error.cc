#include "base/error.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace gristmill {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::usage:
      return "usage";
    case Code::invalid:
      return "invalid";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::corrupt:
      return "corrupt";
    case Code::unavailable:
      return "unavailable";
    case Code::exhausted:
      return "exhausted";
    case Code::interrupted:
      return "interrupted";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

bool Where::empty() const {
  return file.empty() && line <= 0 && table.empty() && field.empty() && row < 0;
}

std::string Where::text() const {
  std::string place = file;
  if (line > 0) {
    place += (file.empty() ? "line " : ":") + std::to_string(line);
    if (column > 0) place += ":" + std::to_string(column);
  }
  auto add = [&place](const std::string& part) {
    if (!place.empty()) place += ", ";
    place += part;
  };
  if (!table.empty()) add("table " + table);
  if (!field.empty()) add("column " + field);
  if (row >= 0) add("row " + std::to_string(row_number(row)));
  return place;
}

Error::Error(Code code, std::string message, Where where, std::string hint)
    : code_(code), message_(std::move(message)), where_(std::move(where)), hint_(std::move(hint)) {
  text_ = message_;
  if (!where_.empty()) text_ += "\n  at " + where_.text();
  if (!hint_.empty()) text_ += "\n  hint: " + hint_;
}

Error Error::at(const Where& where) const {
  Where merged = where_;
  // Line and column mean nothing in another file.
  if (merged.file.empty() && merged.line <= 0) {
    merged.line = where.line;
    merged.column = where.column;
  }
  if (merged.file.empty()) merged.file = where.file;
  if (merged.table.empty()) merged.table = where.table;
  if (merged.field.empty()) merged.field = where.field;
  if (merged.row < 0) merged.row = where.row;
  return Error(code_, message_, std::move(merged), hint_);
}

Error Error::with_hint(std::string hint) const {
  return Error(code_, message_, where_, hint_.empty() ? std::move(hint) : hint_);
}

nlohmann::json Error::json() const {
  nlohmann::json place = nlohmann::json::object();
  if (!where_.file.empty()) place["file"] = where_.file;
  if (where_.line > 0) place["line"] = where_.line;
  if (where_.line > 0 && where_.column > 0) place["column"] = where_.column;
  if (!where_.table.empty()) place["table"] = where_.table;
  if (!where_.field.empty()) place["field"] = where_.field;
  if (where_.row >= 0) place["row"] = row_number(where_.row);
  return {{"code", name_of(code_)}, {"message", message_}, {"where", place}, {"hint", hint_}};
}

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      char x = lower(a[i - 1]), y = lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::move(last);
    last = std::move(row);
    row.resize(b.size() + 1);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  constexpr size_t longest = 128;  // a name typed by hand is shorter; keeps hostile input cheap
  if (name.size() > longest) return {};
  const std::string* best = nullptr;
  size_t best_distance = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    size_t length = std::max(name.size(), candidate.size());
    size_t least = length - std::min(name.size(), candidate.size());
    if (candidate.size() > longest || least > length / 3 || least >= best_distance) continue;
    size_t found = distance(name, candidate);
    if (found <= length / 3 && found < best_distance) {
      best_distance = found;
      best = &candidate;
    }
  }
  return best ? *best : std::string();
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  if (std::string near = nearest(name, candidates); !near.empty())
    return "did you mean \"" + near + "\"?";
  constexpr size_t few = 12;
  if (candidates.empty() || candidates.size() > few) return {};
  std::string list;
  for (const std::string& candidate : candidates) list += (list.empty() ? "" : ", ") + candidate;
  return (candidates.size() == 1 ? "known is only: " : "known are: ") + list;
}

}  // namespace gristmill
