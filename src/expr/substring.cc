#include "expr/substring.h"

#include <algorithm>
#include <limits>

#include "expr/utf8.h"

namespace gristmill::expr_internal {
namespace {

constexpr size_t nowhere = std::string_view::npos;

// Of the text's size, or the place of the next character that starts at `at` or after it.
size_t character_from(std::string_view text, size_t at) {
  while (at < text.size() && !starts_character(text[at])) ++at;
  return at;
}

// The part between two characters, counted from the end: the last one is 1. The part starts after
// the character `start` and stops after the character `end`.
std::string_view from_the_end(std::string_view text, int64_t start, int64_t end) {
  size_t begin = 0, stop = end <= 0 ? text.size() : nowhere;
  int64_t character = 0;
  for (size_t i = text.size(); i > 0; --i) {
    if (!starts_character(text[i - 1])) continue;
    ++character;
    if (character == start) {
      begin = i;
      break;
    }
    if (character == end) stop = i;
  }
  // As in DuckDB: a part that would end before the text starts is empty, not cut.
  if (stop == nowhere) return {};
  begin = character_from(text, begin);
  stop = character_from(text, stop);
  return text.substr(begin, stop - begin);
}

// The characters [start, end), the first one being 0.
std::string_view from_the_start(std::string_view text, int64_t start, int64_t end) {
  size_t begin = nowhere, stop = text.size();
  int64_t character = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!starts_character(text[i])) continue;
    if (character == start) {
      begin = i;
    } else if (character == end) {
      stop = i;
      break;
    }
    ++character;
  }
  if (begin == nowhere || end <= start) return {};
  return text.substr(begin, stop - begin);
}

}  // namespace

bool substring(std::string_view text, int64_t offset, int64_t length, std::string_view& part) {
  for (int64_t argument : {offset, length}) {
    if (argument > all_characters || argument < -all_characters - 1) return false;
  }
  if (length == 0) {
    part = {};
  } else if (offset < 0) {
    const int64_t after = 1 - offset;  // the character before the first one, from the end
    part = length < 0 ? from_the_end(text, after - length, after)
                      : from_the_end(text, after, after - length);
  } else {
    const int64_t first = offset - 1;
    part = length < 0 ? from_the_start(text, std::max<int64_t>(0, first + length), first)
                      : from_the_start(text, std::max<int64_t>(0, first), first + length);
  }
  return true;
}

bool first_characters(std::string_view text, int64_t count, std::string_view& part) {
  if (count < 0) count = std::max<int64_t>(0, count_characters(text) + count);
  return substring(text, 1, count, part);
}

bool last_characters(std::string_view text, int64_t count, std::string_view& part) {
  const int64_t characters = count_characters(text);
  int64_t length = 0;
  if (count >= 0) {
    length = std::min(characters, count);
  } else if (count != std::numeric_limits<int64_t>::min()) {
    length = characters - std::min(characters, -count);
  }
  return substring(text, characters - length + 1, length, part);
}

}  // namespace gristmill::expr_internal
