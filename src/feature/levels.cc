#include "feature/levels.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace gristmill {

LevelTable::LevelTable(const std::vector<std::string_view>& levels) {
  size_t size = std::bit_ceil(std::max<size_t>(levels.size() * 2, 2));
  shift_ = 64 - std::countr_zero(size);
  slots_.assign(size, {});
  ends_.reserve(levels.size());
  for (std::string_view text : levels) {
    LevelKey key = LevelKey::of(text);
    if (find(key, text.data()) != 1)
      throw Error(Code::corrupt, "a level of a category occurs twice");
    size_t i = key.slot(shift_);
    while (slots_[i].code != 0) i = (i + 1) & (size - 1);
    bytes_ += text;
    ends_.push_back(bytes_.size());
    slots_[i] = {key.word, key.length, first_code + int32_t(ends_.size()) - 1};
  }
}

int32_t LevelCounts::admit(size_t slot, LevelKey key, std::string_view text, int64_t count) {
  if (text.size() > max_length || entries_.size() >= max_values ||
      bytes_.size() + text.size() > max_bytes) {
    leave_over(text, count);
    return left_over_place;
  }
  entries_.push_back({key, uint32_t(bytes_.size()), count});
  bytes_ += text;
  slots_[slot] = uint32_t(entries_.size());
  if (entries_.size() * 2 > slots_.size()) grow();
  return int32_t(entries_.size()) - 1;
}

void LevelCounts::leave_over(std::string_view text, int64_t count) {
  left_over_ += count;
  if (text.size() <= max_length) return;
  long_ += count;
  long_bytes_ += count * int64_t(text.size());
}

int64_t LevelCounts::admitted() const {
  int64_t rows = 0;
  for (const Entry& e : entries_) rows += e.count;
  return rows;
}

void LevelCounts::grow() {
  slots_.assign(slots_.size() * 4, 0);
  shift_ -= 2;
  for (size_t n = 0; n < entries_.size(); ++n) {
    size_t i = entries_[n].key.slot(shift_);
    while (slots_[i] != 0) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = uint32_t(n + 1);
  }
}

std::vector<int32_t> LevelCounts::merge(const LevelCounts& later) {
  std::vector<int32_t> places;
  places.reserve(later.entries_.size());
  for (const Entry& e : later.entries_) places.push_back(add(e.key, later.value(e), e.count));
  nulls_ += later.nulls_;
  left_over_ += later.left_over_;
  long_ += later.long_;
  long_bytes_ += later.long_bytes_;
  return places;
}

std::vector<LevelCounts::Level> LevelCounts::levels() const {
  std::vector<Level> levels;
  levels.reserve(entries_.size());
  for (const Entry& e : entries_) levels.push_back({value(e), e.count});
  return levels;
}

}  // namespace gristmill
