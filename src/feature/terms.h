// What a text is cut into, as scikit-learn's TfidfVectorizer does it: sequences of words, or of the
// characters of each word.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "frame/scratch.h"

namespace gristmill {

struct TermRule {
  static constexpr size_t most_bytes = size_t(1) << 14;  // of a text; what comes after is not read

  bool of_characters = false;  // else of words: two or more letters, digits and _
  int shortest = 1, longest = 1;

  // No text of so many bytes has more terms.
  int64_t most_terms(size_t bytes) const {
    return int64_t(3 * std::min(bytes, most_bytes) + 2) * (longest - shortest + 1);
  }
};

// Cuts one text after the other. Not thread-safe.
class TermCutter {
 public:
  // For texts of at most `bytes`.
  TermCutter(const TermRule& rule, size_t bytes, Scratch& scratch);

  // Calls use(term) for each; what occurs twice is visited twice. Letters are lower, words are
  // parted by one space, and characters of a word come with a space before and behind it. Views
  // hold until the next text.
  template <class Use>
  void cut(std::string_view text, Use use) {
    if (rule_.of_characters) {
      spread(text);
      for (size_t word = 0; word < words_; ++word) cut_word(pieces_[word], use);
    } else {
      split(text);
      for (int length = rule_.shortest; length <= rule_.longest; ++length)
        for (size_t i = 0; i + size_t(length) <= words_; ++i)
          use(between(pieces_[i].begin, pieces_[i + size_t(length) - 1].end));
    }
  }

 private:
  struct Piece {
    uint32_t begin, end;
  };

  std::string_view between(uint32_t begin, uint32_t end) const {
    return {bytes_ + begin, end - begin};
  }
  uint32_t next(uint32_t at) const {
    do ++at;
    while ((uint8_t(bytes_[at]) & 0xc0) == 0x80);
    return at;
  }
  // A word shorter than a length is one term, once.
  template <class Use>
  void cut_word(Piece word, Use use) const {
    for (int length = rule_.shortest; length <= rule_.longest; ++length) {
      uint32_t begin = word.begin, end = word.begin;
      for (int i = 0; i < length && end < word.end; ++i) end = next(end);
      use(between(begin, end));
      if (end == word.end) return;
      while (end < word.end) {
        begin = next(begin);
        end = next(end);
        use(between(begin, end));
      }
    }
  }
  void split(std::string_view text);   // into words with one space between
  void spread(std::string_view text);  // what stands between spaces, a space before and behind each

  TermRule rule_;
  char* bytes_;
  Piece* pieces_;
  size_t words_ = 0;
};

}  // namespace gristmill
