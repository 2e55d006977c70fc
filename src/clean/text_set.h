// A fixed set of texts that finds a cell's place in it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

// Few texts are compared one by one, many are hashed. Most cells are refused by their length or
// first byte alone.
class TextSet {
 public:
  TextSet() = default;
  explicit TextSet(std::vector<std::string> texts);  // unique

  // Index of `text`, or -1. Allocates nothing.
  int find(std::string_view text) const {
    if ((lengths_ >> std::min<size_t>(text.size(), 63) & 1) == 0) return -1;
    if (!text.empty() && !firsts_[uint8_t(text[0])]) return -1;
    return search(text);
  }
  size_t size() const { return texts_.size(); }
  const std::string& operator[](size_t i) const { return texts_[i]; }

 private:
  int search(std::string_view text) const;

  std::vector<std::string> texts_;
  uint64_t lengths_ = 0;  // bit l: a text of l bytes is in the set (63: or longer)
  std::array<bool, 256> firsts_{};
  std::vector<uint32_t> slots_;  // open addressing: index + 1, or 0; empty when texts are few
};

}  // namespace gristmill
