// Levels of a category: counted while fitting, looked up while encoding.
//
// A level is bytes: text as it is, whole numbers as their 8 bytes. Up to 8 bytes a level is
// compared as one word and its bytes are never touched again.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

// What tells two levels apart, up to those of more than 8 bytes with equal hashes.
struct LevelKey {
  uint64_t word = 0;  // the bytes, padded with zeros; their hash when there are more than 8
  uint32_t length = 0;

  static LevelKey of(std::string_view text) {
    return {
        text.size() <= 8 ? word_of(text.data(), text.size()) : hash_of(text.data(), text.size()),
        uint32_t(text.size())};
  }
  static LevelKey of(int64_t number) { return {uint64_t(number), 8}; }

  bool operator==(const LevelKey&) const = default;
  // Of the upper bits of a product: spread over a table of 2^(64 − shift) slots.
  size_t slot(int shift) const {
    uint64_t x = word ^ (uint64_t(length) << 59);
    return size_t(((x ^ (x >> 32)) * 0x9e3779b97f4a7c15ULL) >> shift);
  }

 private:
  static uint64_t word_of(const char* p, size_t n) {
    if (n >= 4) {
      uint32_t head, tail;
      std::memcpy(&head, p, 4);
      std::memcpy(&tail, p + n - 4, 4);
      return head | (uint64_t(tail) << (8 * (n - 4)));
    }
    if (n == 0) return 0;
    auto byte = [p](size_t i) { return uint64_t(uint8_t(p[i])) << (8 * i); };
    return byte(0) | byte(n / 2) | byte(n - 1);
  }
  // Of more than 8 bytes, the last word overlapping the one before: no call, no odd bytes. Kept
  // nowhere: tables are rebuilt from their levels.
  static uint64_t hash_of(const char* p, size_t n) {
    uint64_t hash = n, word;
    auto fold = [&hash](uint64_t bits) {
      auto product = static_cast<unsigned __int128>(hash ^ bits) * 0x9e3779b97f4a7c15ULL;
      hash = uint64_t(product) ^ uint64_t(product >> 64);
    };
    for (size_t i = 0; i + 8 < n; i += 8) {
      std::memcpy(&word, p + i, 8);
      fold(word);
    }
    std::memcpy(&word, p + n - 8, 8);
    fold(word);
    return hash;
  }
};

// Of two texts of n > 8 bytes.
inline bool same_bytes(const char* a, const char* b, size_t n) {
  uint64_t x, y;
  for (size_t i = 0; i + 8 < n; i += 8) {
    std::memcpy(&x, a + i, 8);
    std::memcpy(&y, b + i, 8);
    if (x != y) return false;
  }
  std::memcpy(&x, a + n - 8, 8);
  std::memcpy(&y, b + n - 8, 8);
  return x == y;
}

// Frozen levels → codes. O(1) a lookup; 16 bytes a slot, at most half of them used.
class LevelTable {
 public:
  static constexpr int32_t first_code = 2;  // 0: missing, 1: rare or unseen

  LevelTable() = default;
  // Code of level i is first_code + i. Code::corrupt when two are equal.
  explicit LevelTable(const std::vector<std::string_view>& levels);

  int32_t code(std::string_view text) const { return find(LevelKey::of(text), text.data()); }
  int32_t code(int64_t number) const { return find(LevelKey::of(number), nullptr); }
  size_t size() const { return ends_.size(); }

 private:
  struct Slot {
    uint64_t word = 0;
    uint32_t length = 0;
    int32_t code = 0;  // 0: empty
  };

  int32_t find(LevelKey key, const char* text) const {
    for (size_t i = key.slot(shift_);; i = (i + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[i];
      if (slot.code == 0) return 1;
      if (slot.word == key.word && slot.length == key.length &&
          (key.length <= 8 || same_bytes(level(slot), text, key.length)))
        return slot.code;
    }
  }
  const char* level(const Slot& slot) const {
    return bytes_.data() + ends_[size_t(slot.code - first_code)] - slot.length;
  }

  int shift_ = 63;
  std::vector<Slot> slots_{2};
  std::vector<size_t> ends_;  // of each level in bytes_
  std::string bytes_;
};

// Counts of the values of a column, exact for those it admits: the first max_values different ones,
// and none longer than max_length. Counting chunks apart and merging them in order admits the same
// values with the same counts as counting in one go, as long as a chunk has at most max_values
// rows.
class LevelCounts {
 public:
  static constexpr size_t max_values = size_t(1) << 18;
  static constexpr size_t max_bytes = size_t(1) << 25;  // of all values
  static constexpr size_t max_length = 256;

  struct Level {
    std::string_view value;
    int64_t count;
  };

  // The place of the value in levels(), or left_over_place.
  static constexpr int32_t left_over_place = -1;
  int32_t add(std::string_view text) { return add(LevelKey::of(text), text, 1); }
  int32_t add(int64_t number) {
    return add(LevelKey::of(number), {reinterpret_cast<const char*>(&number), 8}, 1);
  }
  void add_null() { ++nulls_; }
  // Those of more than `count`, alone; kept(place here) is called of each, in order.
  template <class Kept>
  LevelCounts above(int64_t count, Kept kept) const {
    LevelCounts some;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry& e = entries_[i];
      if (e.count <= count) continue;
      some.add(e.key, value(e), e.count);
      kept(i);
    }
    return some;
  }
  // The place here of each of later.levels().
  std::vector<int32_t> merge(const LevelCounts& later);

  int64_t nulls() const { return nulls_; }
  int64_t admitted() const;                           // rows with a value that is counted
  int64_t left_over() const { return left_over_; }    // rows with a value that is not
  int64_t too_long() const { return long_; }          // of these: longer than max_length
  int64_t long_bytes() const { return long_bytes_; }  // of these
  size_t distinct() const { return entries_.size(); }
  std::vector<Level> levels() const;  // in the order first met; views into this

 private:
  struct Entry {
    LevelKey key;
    uint32_t begin;  // in bytes_
    int64_t count;
  };

  std::string_view value(const Entry& e) const { return {bytes_.data() + e.begin, e.key.length}; }
  int32_t add(LevelKey key, std::string_view text, int64_t count) {
    size_t i = key.slot(shift_);
    for (; slots_[i] != 0; i = (i + 1) & (slots_.size() - 1)) {
      Entry& entry = entries_[slots_[i] - 1];
      if (entry.key == key &&
          (key.length <= 8 || same_bytes(bytes_.data() + entry.begin, text.data(), key.length))) {
        entry.count += count;
        return int32_t(slots_[i] - 1);
      }
    }
    return admit(i, key, text, count);
  }
  int32_t admit(size_t slot, LevelKey key, std::string_view text, int64_t count);
  void leave_over(std::string_view text, int64_t count);
  void grow();

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(64);  // index of an entry + 1; 0: empty
  int shift_ = 58;
  std::string bytes_;
  int64_t nulls_ = 0, left_over_ = 0, long_ = 0, long_bytes_ = 0;
};

}  // namespace gristmill
