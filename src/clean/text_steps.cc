#include "clean/text_steps.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "expr/unicode.h"

namespace gristmill {
namespace {

using namespace gristmill_utf8proc;

const uint8_t* data_of(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// The next character, or -1 where the bytes are not one; `bytes` is how far to go on.
int32_t next_character(std::string_view text, size_t& bytes) {
  int32_t character = -1;
  const auto length = utf8proc_iterate(data_of(text), utf8proc_ssize_t(text.size()), &character);
  bytes = length > 0 ? size_t(length) : 1;
  return length > 0 ? character : -1;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? char(c - ('a' - 'A')) : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

bool is_ascii(std::string_view text) {
  uint8_t all = 0;
  for (char c : text) all |= uint8_t(c);
  return all < 0x80;
}

bool is_space_character(int32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

// Whether a character goes on with a word, so that the next letter is no first one.
bool inside_word(int32_t c) {
  if (c == 0x2019) return true;
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

// What Windows-1252 has in 0x80 … 0x9f; 0 where it has nothing.
constexpr uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

// The byte that Latin-1 or Windows-1252 reads as this character, or -1.
int byte_of(int32_t c) {
  if (c >= 0 && c <= 0xff) return c;
  const auto* found = std::find(std::begin(windows_1252), std::end(windows_1252), c);
  return found != std::end(windows_1252) ? 0x80 + int(found - windows_1252) : -1;
}

// Composing sorts runs of combining marks, in time that grows with the square of their length; no
// script has runs as long.
constexpr int longest_run_of_marks = 256;

// Three vowels of Tibetan are no marks that sort, but decompose into such.
bool is_mark(int32_t c) {
  return c >= 0x300 &&
         (utf8proc_get_property(c)->combining_class != 0 || c == 0xf73 || c == 0xf75 || c == 0xf81);
}

bool has_endless_marks(std::string_view text) {
  int run = 0;
  for (size_t i = 0, bytes; i < text.size(); i += bytes) {
    const int32_t c = next_character(text.substr(i), bytes);
    run = is_mark(c) ? run + 1 : 0;
    if (run > longest_run_of_marks) return true;
  }
  return false;
}

}  // namespace

const std::vector<std::string>& text_step_names() {
  static const std::vector<std::string> names = {"repair", "nfc",   "trim", "collapse",
                                                 "lower",  "upper", "title"};
  return names;
}

const std::string& name_of(TextStep step) { return text_step_names()[size_t(step)]; }

std::optional<TextStep> parse_text_step(std::string_view name) {
  const auto& names = text_step_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return TextStep(found - names.begin());
}

size_t leading_space(std::string_view text) {
  if (text.empty()) return 0;
  if (uint8_t(text.front()) < 0x80) return is_space(text.front()) ? 1 : 0;
  size_t bytes;
  return is_space_character(next_character(text, bytes)) ? bytes : 0;
}

std::string_view trimmed_unicode(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || ((uint8_t(text.front()) | uint8_t(text.back())) & 0x80) == 0) return text;
  while (size_t space = leading_space(text)) text.remove_prefix(space);
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (uint8_t(text[at]) & 0xc0) == 0x80) --at;
    if (leading_space(text.substr(at)) != text.size() - at) break;
    text = text.substr(0, at);
  }
  return text;
}

// A character has at most 4 bytes after any step, and decomposes into less than two characters for
// each byte it had.
void TextWork::make_room(size_t bytes) {
  if (bytes_ != nullptr && bytes <= longest_) return;
  longest_ = std::max<size_t>(bytes * 2, 64);
  bytes_ = scratch_.values<char>(int64_t(longest_) * 8);
  other_bytes_ = scratch_.values<char>(int64_t(longest_) * 8);
  most_codepoints_ = int64_t(longest_) * 2;
  codepoints_ = scratch_.values<int32_t>(most_codepoints_ + 1);
}

std::string_view TextWork::run(TextStep step, std::string_view text) {
  if (step == TextStep::trim) return trimmed_unicode(text);
  make_room(text.size());
  std::swap(bytes_, other_bytes_);
  switch (step) {
    case TextStep::repair:
      return repaired(text);
    case TextStep::nfc:
      return composed(text);
    case TextStep::collapse:
      return collapsed(text);
    default:
      return cased(step, text);
  }
}

std::string_view TextWork::collapsed(std::string_view text) {
  size_t size = 0;
  for (size_t i = 0; i < text.size();) {
    const uint8_t first = uint8_t(text[i]);
    size_t space = first > ' ' && first < 0x80 ? 0 : leading_space(text.substr(i));
    if (space == 0) {
      bytes_[size++] = text[i++];
      continue;
    }
    bytes_[size++] = ' ';
    for (; space > 0; space = leading_space(text.substr(i))) i += space;
  }
  return {bytes_, size};
}

std::string_view TextWork::cased(TextStep step, std::string_view text) {
  size_t size = 0;
  if (step != TextStep::title && is_ascii(text)) {
    for (char c : text) bytes_[size++] = step == TextStep::lower ? lower(c) : upper(c);
    return {bytes_, size};
  }
  bool in_word = false;
  for (size_t i = 0, bytes; i < text.size(); i += bytes) {
    if (const char ascii = text[i]; uint8_t(ascii) < 0x80) {
      bytes_[size++] = step == TextStep::lower || in_word ? lower(ascii) : upper(ascii);
      if (step == TextStep::title) in_word = is_letter(ascii) || is_digit(ascii) || ascii == '\'';
      bytes = 1;
      continue;
    }
    const int32_t c = next_character(text.substr(i), bytes);
    if (c < 0) {
      bytes_[size++] = text[i];
      in_word = false;
      continue;
    }
    const int32_t to = step == TextStep::upper              ? utf8proc_toupper(c)
                       : step == TextStep::lower || in_word ? utf8proc_tolower(c)
                                                            : utf8proc_totitle(c);
    if (step == TextStep::title) in_word = inside_word(c);
    size += size_t(utf8proc_encode_char(to, reinterpret_cast<uint8_t*>(bytes_ + size)));
  }
  return {bytes_, size};
}

std::string_view TextWork::composed(std::string_view text) {
  // Below U+0300, whose first byte is 0xcc, all text is composed.
  if (std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0xcc; })) return text;
  if (!is_utf8(text) || has_endless_marks(text)) return text;
  constexpr auto options = utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const auto count = utf8proc_decompose(data_of(text), utf8proc_ssize_t(text.size()), codepoints_,
                                        most_codepoints_, options);
  if (count < 0 || count > most_codepoints_) return text;
  const auto size = utf8proc_reencode(codepoints_, count, options);
  if (size < 0) return text;
  std::memcpy(bytes_, codepoints_, size_t(size));
  return {bytes_, size_t(size)};
}

std::string_view TextWork::repaired(std::string_view text) {
  if (is_ascii(text)) return text;
  size_t size = 0;
  for (size_t i = 0, bytes; i < text.size(); i += bytes) {
    const int byte = byte_of(next_character(text.substr(i), bytes));
    if (byte < 0) return text;
    bytes_[size++] = char(byte);
  }
  const std::string_view made(bytes_, size);
  return is_utf8(made) ? made : text;
}

}  // namespace gristmill
