#include "base/unicode.h"

#include "base/text.h"

// As DuckDB carries it, under a namespace of our own: see cmake/dependencies.cmake.
#define duckdb gristmill_utf8proc
#include <utf8proc.hpp>
#undef duckdb

namespace gristmill {

using namespace gristmill_utf8proc;

int32_t next_character(std::string_view text, size_t& at) {
  if (uint8_t(text[at]) < 0x80) return text[at++];
  int32_t character = -1;
  const auto size = utf8proc_iterate(reinterpret_cast<const uint8_t*>(text.data() + at),
                                     utf8proc_ssize_t(text.size() - at), &character);
  at += size > 0 ? size_t(size) : 1;
  return size > 0 ? character : -1;
}

bool is_space_character(int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_letter_or_number(int32_t c) {
  if (c < 0x80) {
    const char letter = c < 0 ? ' ' : lower(char(c));
    return (letter >= 'a' && letter <= 'z') || is_digit(letter);
  }
  const auto category = utf8proc_category(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

size_t put_lower(int32_t c, char* out) {
  if (c < 0x80) {
    *out = lower(char(c));
    return 1;
  }
  return size_t(utf8proc_encode_char(utf8proc_tolower(c), reinterpret_cast<uint8_t*>(out)));
}

}  // namespace gristmill
