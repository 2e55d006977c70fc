#include "expr/utf8.h"

#include <algorithm>
#include <cstring>

#include "expr/unicode.h"

namespace gristmill::expr_internal {
namespace {

// The character at the start of `text`; its size, or 0 when it is none.
size_t decode(std::string_view text, int32_t& code_point) {
  const auto size =
      gristmill_utf8proc::utf8proc_iterate(reinterpret_cast<const uint8_t*>(text.data()),
                                           static_cast<ptrdiff_t>(text.size()), &code_point);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

template <class OfAscii, class OfUnicode>
void append_mapped(std::string_view text, std::string& out, OfAscii of_ascii,
                   OfUnicode of_unicode) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      out += of_ascii(text[at++]);
      continue;
    }
    int32_t code_point = 0;
    const size_t size = decode(text.substr(at), code_point);
    if (size == 0) {
      out += text[at++];
      continue;
    }
    uint8_t encoded[4];
    const auto length = gristmill_utf8proc::utf8proc_encode_char(of_unicode(code_point), encoded);
    out.append(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
    at += size;
  }
}

}  // namespace

size_t find_text(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  if (part.size() > text.size()) return std::string_view::npos;
  const void* at = memmem(text.data(), text.size(), part.data(), part.size());
  return at == nullptr ? std::string_view::npos
                       : size_t(static_cast<const char*>(at) - text.data());
}

namespace {

uint32_t number_of(std::string_view character) {
  uint32_t number = 0;
  for (char c : character) number = number << 8 | uint8_t(c);
  return number;
}

}  // namespace

void CharacterSet::assign(std::string_view listed) {
  if (listed.data() == listed_.data() && listed.size() == listed_.size()) return;
  listed_ = listed;
  ascii_[0] = ascii_[1] = 0;
  others_.clear();
  for (size_t at = 0, size; at < listed.size(); at += size) {
    size = character_size(listed, at);
    if (const auto first = uint8_t(listed[at]); first < 0x80)
      ascii_[first / 64] |= uint64_t(1) << (first % 64);
    else
      others_.push_back(number_of(listed.substr(at, size)));
  }
  std::sort(others_.begin(), others_.end());
}

bool CharacterSet::contains(std::string_view character) const {
  if (const auto first = uint8_t(character[0]); first < 0x80)
    return ascii_[first / 64] >> (first % 64) & 1;
  return std::binary_search(others_.begin(), others_.end(), number_of(character));
}

void append_lower(std::string_view text, std::string& out) {
  append_mapped(
      text, out, [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; },
      gristmill_utf8proc::utf8proc_tolower);
}

void append_upper(std::string_view text, std::string& out) {
  append_mapped(
      text, out, [](char c) { return c >= 'a' && c <= 'z' ? char(c - ('a' - 'A')) : c; },
      gristmill_utf8proc::utf8proc_toupper);
}

bool is_blank_character(std::string_view character) {
  if (character.size() == 1) return character[0] == ' ';
  int32_t code_point = 0;
  return decode(character, code_point) != 0 && gristmill_utf8proc::utf8proc_category(code_point) ==
                                                   gristmill_utf8proc::UTF8PROC_CATEGORY_ZS;
}

}  // namespace gristmill::expr_internal
