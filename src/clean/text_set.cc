#include "clean/text_set.h"

#include <bit>

#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr size_t few = 8;

}  // namespace

TextSet::TextSet(std::vector<std::string> texts) : texts_(std::move(texts)) {
  for (const std::string& text : texts_) {
    lengths_ |= uint64_t(1) << std::min<size_t>(text.size(), 63);
    if (!text.empty()) firsts_[uint8_t(text[0])] = true;
  }
  if (texts_.size() <= few) return;
  slots_.assign(std::bit_ceil(texts_.size() * 2), 0);
  for (size_t i = 0; i < texts_.size(); ++i) {
    size_t at = hash64(texts_[i]) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = uint32_t(i + 1);
  }
}

int TextSet::search(std::string_view text) const {
  if (slots_.empty()) {
    for (size_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i] == text) return int(i);
    }
    return -1;
  }
  size_t mask = slots_.size() - 1;
  for (size_t at = hash64(text) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    if (texts_[slots_[at] - 1] == text) return int(slots_[at] - 1);
  }
  return -1;
}

}  // namespace gristmill
