// Text that came from outside: its UTF-8, its ASCII, and short forms of it for error messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace gristmill {

// Position of the first byte that is not well-formed UTF-8 (no surrogates, no overlong forms), or
// npos. O(n); stretches of ASCII at several GB/s.
size_t find_invalid_utf8(std::string_view text);
inline bool is_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
}

// Letters, digits and spaces of ASCII, without a locale.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool is_digit(char c) { return uint8_t(c - '0') < 10; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; }
std::string lower(std::string_view text);

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// Without the space around it.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The value of a hexadecimal digit; -1 for all else.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `text`, or where it is longer its first `bytes` and an ellipsis; no character is split.
std::string shortened(std::string_view text, size_t bytes = 60);

// At most 60 characters of `text` in double quotes, with control characters and what is not UTF-8
// escaped, and an ellipsis where it was longer.
std::string excerpt(std::string_view text);

}  // namespace gristmill
