// Text that came from outside: whether it is UTF-8, and short forms of it for error messages.
#pragma once

#include <string>
#include <string_view>

namespace gristmill {

// Position of the first byte that is not well-formed UTF-8 (no surrogates, no overlong forms), or
// npos. O(n); stretches of ASCII at several GB/s.
size_t find_invalid_utf8(std::string_view text);
inline bool is_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
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
