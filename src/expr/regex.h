// Regular expressions of RE2, with DuckDB's options.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gristmill {

// Matching is thread-safe, and takes time in proportion to the text whatever the pattern is.
class Regex {
 public:
  // Options: c and i (case counts, or not), l (the pattern is plain text), m, n, p and s (whether
  // `.` stops at a line's end, or not). Code::invalid for a bad pattern or option.
  Regex(std::string_view pattern, std::string_view options);
  ~Regex();

  bool matches(std::string_view text) const;  // some part of it
  bool matches_all(std::string_view text) const;
  // The first match, or a group of it, empty where the group took no part; nothing without a match.
  std::optional<std::string_view> find(std::string_view text, int group) const;
  // The same; empty when there is none.
  std::string_view extract(std::string_view text, int group) const {
    return find(text, group).value_or(std::string_view());
  }
  int groups() const;
  // Replaces each match; \1 … \9 in `with` stand for what a group matched, \0 for all. False,
  // and `text` as it was, when there is no match.
  bool replace(std::string& text, std::string_view with) const;
  // Code::invalid when `with` names a group that there is not.
  void check_replacement(const std::string& with) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr int most_regex_group = 9;
// A group that is NULL: the answer is empty.
inline constexpr int no_regex_group = -1;

}  // namespace gristmill
