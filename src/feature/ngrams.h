// Sequences of characters of a text.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

inline constexpr int64_t longest_ngram = 8;
inline bool fit_ngrams(int64_t shortest, int64_t longest) {
  return 1 <= shortest && shortest <= longest && longest <= longest_ngram;
}

struct NgramLengths {
  int shortest, longest;
};
// [shortest, longest] as the project file has it. Code::invalid, with an example.
inline NgramLengths parse_ngrams(const nlohmann::json& given, const std::string& owner,
                                 const std::string& column, const std::string& example) {
  if (given.size() != 2 || !given[0].is_number_integer() || !given[1].is_number_integer() ||
      !fit_ngrams(given[0].get<int64_t>(), given[1].get<int64_t>()))
    throw Error(Code::invalid,
                fmt::format("{}: `ngrams` must be two lengths from 1 to {}, the shorter first, "
                            "not {}",
                            owner, longest_ngram, given.dump()),
                {.field = column}, "for example " + example);
  return {given[0].get<int>(), given[1].get<int>()};
}

// Calls use(n-gram) for each of `shortest` to `longest` characters of the text, or for the whole of
// one that is shorter; what occurs twice is visited twice. ASCII letters are lower, each stretch of
// space is one, and one stands at the begin and the end. Only the first 1,024 bytes count, so that
// O(1) is spent on a row; no character is split.
template <class Use>
void for_ngrams(std::string_view text, int shortest, int longest, Use use) {
  constexpr size_t most = 1024;
  auto begins_character = [](char c) { return (uint8_t(c) & 0xc0) != 0x80; };
  size_t size = std::min(text.size(), most);
  while (size < text.size() && size > 0 && !begins_character(text[size])) --size;
  std::array<char, most + 2> bytes;
  std::array<uint16_t, most + 3> begins;  // of each character, and the end
  size_t used = 0, characters = 0;
  auto put = [&](char c) {
    if (begins_character(c)) begins[characters++] = uint16_t(used);
    bytes[used++] = c;
  };
  put(' ');
  for (const char c : text.substr(0, size)) {
    if (!is_space(c)) {
      put(lower(c));
    } else if (bytes[used - 1] != ' ') {
      put(' ');
    }
  }
  if (bytes[used - 1] != ' ' || used == 1) put(' ');
  begins[characters] = uint16_t(used);
  if (characters < size_t(shortest)) return use(std::string_view(bytes.data(), used));
  for (size_t length = size_t(shortest); length <= size_t(longest); ++length)
    for (size_t i = 0; i + length <= characters; ++i)
      use(std::string_view(bytes.data() + begins[i], size_t(begins[i + length] - begins[i])));
}

}  // namespace gristmill
