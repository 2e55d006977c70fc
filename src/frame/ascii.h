// Letters and spaces of ASCII, without a locale.
#pragma once

#include <algorithm>
#include <string_view>

namespace gristmill {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Without the space around it.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Whether `text` is `lower`, a text in lower case, in any case.
inline bool equals_lower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace gristmill
