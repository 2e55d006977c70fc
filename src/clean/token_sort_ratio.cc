#include "clean/token_sort_ratio.h"

#include <algorithm>
#include <bit>

#include "clean/folded_text.h"
#include "frame/bitmap.h"

namespace gristmill {

TokenSortRatio::TokenSortRatio(size_t longest, Scratch& scratch)
    : text_(scratch.values<int32_t>(int64_t(longest))),
      other_(scratch.values<int32_t>(int64_t(longest))),
      letters_(scratch.values<int32_t>(int64_t(longest))),
      sorted_(scratch.values<char>(int64_t(longest))),
      words_(scratch.values<std::string_view>(int64_t(longest))) {
  const int64_t words = words_of_bits(int64_t(longest));
  row_ = scratch.values<uint64_t>(words);
  plain_ = scratch.values<uint64_t>(words * int64_t(longest + 1));
  by_words_ = scratch.values<uint64_t>(words * int64_t(longest + 1));
}

std::string_view TokenSortRatio::with_sorted_words(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words_[count++] = text.substr(at, end - at);
    at = end + 1;
  }
  if (std::is_sorted(words_, words_ + count)) return text;
  std::sort(words_, words_ + count);
  char* out = sorted_;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) *out++ = ' ';
    out = std::copy(words_[i].begin(), words_[i].end(), out);
  }
  return {sorted_, size_t(out - sorted_)};
}

size_t TokenSortRatio::place_of(int32_t character) const {
  if (character < 128) return ascii_[character];
  int32_t* end = letters_ + letter_count_;
  const int32_t* found = std::lower_bound(letters_, end, character);
  return found != end && *found == character ? size_t(found - letters_) : letter_count_;
}

void TokenSortRatio::fill(uint64_t* bits) {
  std::fill_n(bits, (letter_count_ + 1) * width_, uint64_t(0));
  for (size_t i = 0; i < size_; ++i)
    bits[place_of(text_[i]) * width_ + i / 64] |= uint64_t(1) << i % 64;
}

void TokenSortRatio::set(std::string_view text) {
  size_ = decode_characters(text, text_);
  width_ = size_t(words_of_bits(int64_t(size_)));
  std::copy_n(text_, size_, letters_);
  std::sort(letters_, letters_ + size_);
  letter_count_ = size_t(std::unique(letters_, letters_ + size_) - letters_);
  std::fill(std::begin(ascii_), std::end(ascii_), uint32_t(letter_count_));
  for (size_t i = 0; i < letter_count_ && letters_[i] < 128; ++i) ascii_[letters_[i]] = uint32_t(i);
  fill(plain_);
  const std::string_view sorted = with_sorted_words(text);
  is_sorted_ = sorted.data() == text.data();
  decode_characters(sorted, text_);
  fill(by_words_);
}

size_t TokenSortRatio::common(const uint64_t* bits, size_t size) {
  std::fill_n(row_, width_, ~uint64_t(0));
  for (size_t i = 0; i < size; ++i) {
    const uint64_t* match = bits + place_of(other_[i]) * width_;
    uint64_t carry = 0;
    for (size_t w = 0; w < width_; ++w) {
      const uint64_t both = row_[w] & match[w];
      uint64_t sum;
      const bool first = __builtin_add_overflow(row_[w], both, &sum);
      const bool second = __builtin_add_overflow(sum, carry, &sum);
      carry = first || second;
      row_[w] = sum | (row_[w] & ~match[w]);
    }
  }
  size_t common = 0;
  for (size_t w = 0; w < width_; ++w) common += size_t(std::popcount(~row_[w]));
  return common;
}

double TokenSortRatio::to(std::string_view other) {
  const size_t size = decode_characters(other, other_);
  if (size_ + size == 0) return 1;
  size_t most = common(plain_, size);
  const std::string_view sorted = with_sorted_words(other);
  if (!is_sorted_ || sorted.data() != other.data()) {
    decode_characters(sorted, other_);
    most = std::max(most, common(by_words_, size));
  }
  return double(2 * most) / double(size_ + size);
}

}  // namespace gristmill
