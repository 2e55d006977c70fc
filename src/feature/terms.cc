#include "feature/terms.h"

#include "base/unicode.h"

namespace gristmill {
namespace {

// What is no character stays the byte that it was.
size_t put(int32_t c, char byte, char* out) {
  if (c >= 0) return put_lower(c, out);
  *out = byte;
  return 1;
}

std::string_view head(std::string_view text) {
  size_t size = std::min(text.size(), TermRule::most_bytes);
  while (size < text.size() && size > 0 && (uint8_t(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

TermCutter::TermCutter(const TermRule& rule, size_t bytes, Scratch& scratch) : rule_(rule) {
  bytes = std::min(bytes, TermRule::most_bytes);
  // Lower case makes three bytes of two at most; a word of one byte gets two spaces.
  bytes_ = scratch.values<char>(int64_t(3 * bytes + 8));
  pieces_ = scratch.values<Piece>(int64_t(bytes / 2 + 2));
}

void TermCutter::split(std::string_view text) {
  text = head(text);
  words_ = 0;
  uint32_t used = 0, begin = 0;
  int characters = 0;
  auto end_word = [&] {
    if (characters >= 2) {
      pieces_[words_++] = {begin, used};
      bytes_[used++] = ' ';
      begin = used;
    } else {
      used = begin;
    }
    characters = 0;
  };
  for (size_t at = 0; at < text.size();) {
    const char byte = text[at];
    const int32_t c = next_character(text, at);
    if (is_letter_or_number(c) || c == '_') {
      used += uint32_t(put(c, byte, bytes_ + used));
      ++characters;
    } else {
      end_word();
    }
  }
  end_word();
}

void TermCutter::spread(std::string_view text) {
  text = head(text);
  words_ = 0;
  uint32_t used = 0, begin = 0;
  auto end_word = [&] {
    if (used == begin) return;
    bytes_[used++] = ' ';
    pieces_[words_++] = {begin, used};
    begin = used;
  };
  for (size_t at = 0; at < text.size();) {
    const char byte = text[at];
    const int32_t c = next_character(text, at);
    if (is_space_character(c)) {
      end_word();
      continue;
    }
    if (used == begin) bytes_[used++] = ' ';
    used += uint32_t(put(c, byte, bytes_ + used));
  }
  end_word();
  bytes_[used] = ' ';  // where next() ends
}

}  // namespace gristmill
