// Characters (code points) of UTF-8. Bytes that are no UTF-8 count as characters of their own and
// are left as they are; nothing is read beyond the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill::expr_internal {

// Whether a character starts with this byte.
inline bool starts_character(char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }

// Bytes of the character that starts at `at`, which lies within the text.
inline size_t character_size(std::string_view text, size_t at) {
  const auto first = static_cast<uint8_t>(text[at]);
  const size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return size < text.size() - at ? size : text.size() - at;
}

inline int64_t count_characters(std::string_view text) {
  int64_t count = 0;
  for (char c : text) count += starts_character(c);
  return count;
}

// Where `part` stands first in the text, or npos; in time that grows with the sum of their lengths.
size_t find_text(std::string_view text, std::string_view part);

// A set of characters that a text lists.
class CharacterSet {
 public:
  // Takes the characters of this text for those it had.
  void assign(std::string_view listed);
  bool contains(std::string_view character) const;

 private:
  std::string_view listed_;
  uint64_t ascii_[2] = {};
  std::vector<uint32_t> others_;  // their bytes as numbers, ascending
};

// Appends the text with each character in its lower (upper) case, if that is one character.
void append_lower(std::string_view text, std::string& out);
void append_upper(std::string_view text, std::string& out);

// A character of the category Zs: space, no-break space, ideographic space, …; no tab, no line end.
bool is_blank_character(std::string_view character);

}  // namespace gristmill::expr_internal
