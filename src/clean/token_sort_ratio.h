// How alike two texts are: their Indel similarity 2·LCS / (|a| + |b|), where LCS is the length of
// their longest common subsequence; of the texts as they are, or with the words of each sorted,
// whichever is larger. That is the larger of `ratio` and `token_sort_ratio` of RapidFuzz, over 100.
// In characters. Bit-parallel: Hyyrö, "Bit-parallel LCS-length computation revisited", 2004.
#pragma once

#include <cstdint>
#include <string_view>

#include "frame/scratch.h"

namespace gristmill {

class TokenSortRatio {
 public:
  // For texts of at most `longest` bytes; words are what stands between spaces.
  TokenSortRatio(size_t longest, Scratch& scratch);

  void set(std::string_view text);
  // O(|other| · ⌈|text| / 64⌉). Both empty: 1.
  double to(std::string_view other);

 private:
  std::string_view with_sorted_words(std::string_view text);
  size_t place_of(int32_t character) const;
  // Of each letter, and at last of all others, where it stands in the text.
  void fill(uint64_t* bits);
  size_t common(const uint64_t* bits, size_t size);  // of other_

  int32_t *text_, *other_, *letters_;  // letters: of the text, ascending, each once
  char* sorted_;
  std::string_view* words_;
  uint64_t *row_, *plain_, *by_words_;
  size_t size_ = 0, letter_count_ = 0, width_ = 0;  // width: words of bits a letter
  bool is_sorted_ = false;
  uint32_t ascii_[128];  // the place of each letter
};

}  // namespace gristmill
