// Which texts of a column repeat an earlier one of the same batch, so that what is costly to do to
// a text is done once.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "clean/cells.h"

namespace gristmill {

// Remembers the rows of texts in a small table, and forgets one where two meet in a place. Where
// few texts repeat it soon stops to look.
class RepeatedTexts {
 public:
  RepeatedTexts(const Column& column, Scratch& scratch) : column_(column) {
    if (column.length < worth_a_table) return;
    rows_ = scratch.values<int32_t>(places);
    std::fill_n(rows_, places, -1);
  }

  // An earlier row with the text of row i, or i where none is known. To be asked by rising rows.
  int64_t first(int64_t i) {
    if (rows_ == nullptr) return i;
    const std::string_view text = column_.string(i);
    int32_t* place = rows_ + (hash(text) >> (64 - place_bits));
    int64_t row = *place;
    if (row < 0 || column_.string(row) != text) {
      *place = int32_t(i);
      row = i;
    }
    if (row != i) ++repeated_;
    if (++asked_ == tried && repeated_ < tried / 8) rows_ = nullptr;
    return row;
  }

 private:
  static constexpr int place_bits = 13;
  static constexpr int64_t places = int64_t(1) << place_bits, worth_a_table = 256, tried = 1024;

  // Of all bytes, the last of them in words that overlap.
  static uint64_t hash(std::string_view text) {
    constexpr uint64_t odd = 0x9e3779b97f4a7c15ULL;
    const char* at = text.data();
    const size_t size = text.size();
    uint64_t hash = size;
    auto add = [&](uint64_t word) {
      hash = (hash ^ word) * odd;
      hash ^= hash >> 32;
    };
    if (size >= 8) {
      for (size_t i = 0; i + 8 < size; i += 8) add(word<uint64_t>(at + i));
      add(word<uint64_t>(at + size - 8));
    } else if (size >= 4) {
      add(uint64_t(word<uint32_t>(at)) << 32 | word<uint32_t>(at + size - 4));
    } else if (size > 0) {
      add(uint64_t(uint8_t(at[0])) << 16 | uint64_t(uint8_t(at[size / 2])) << 8 |
          uint8_t(at[size - 1]));
    }
    return hash * odd;
  }
  template <class Word>
  static Word word(const char* at) {
    Word value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }

  const Column column_;
  int32_t* rows_ = nullptr;  // by a text's hash; −1: none yet
  int64_t asked_ = 0, repeated_ = 0;
};

// Puts make(text) in the place of each text of a column, or makes it missing where that is nothing,
// and marks the cells that this changes. True when any is; else the column stays where it was.
// make: std::optional<std::string_view>(std::string_view), which looks at nothing but the text;
// what it answers holds until the next call.
template <class Make>
bool remake_texts(Column& column, uint64_t* hits, Scratch& scratch, Make&& make) {
  RepeatedTexts repeated(column, scratch);
  ColumnBuffer& out = scratch.column(Type::string);
  auto* present = scratch.values<uint64_t>(words_of_bits(column.length));
  uint64_t changed = 0, absent = 0;
  auto bit_of = [](const uint64_t* bits, int64_t i) { return bits[i / 64] >> (i % 64) & 1; };
  for (int64_t word = 0; word < words_of_bits(column.length); ++word) {
    present[word] = present_word(column, word);
    hits[word] = 0;
    const int64_t end = std::min(column.length, word * 64 + 64);
    for (int64_t i = word * 64; i < end; ++i) {
      if (bit_of(present, i) == 0) {
        out.append(std::string_view());
        continue;
      }
      const std::string_view text = column.string(i);
      uint64_t is_hit, is_present;
      if (const int64_t first = repeated.first(i); first != i) {
        is_hit = bit_of(hits, first);
        is_present = bit_of(present, first);
        out.append_again(first);
      } else {
        const std::optional<std::string_view> made = make(text);
        is_hit = !made || *made != text;
        is_present = made.has_value();
        out.append(made.value_or(std::string_view()));
      }
      if (is_hit) scratch.count_text(out.string(i).size());
      hits[word] |= is_hit << (i % 64);
      present[word] &= ~((is_present ^ 1) << (i % 64));
    }
    changed |= hits[word];
    absent |= present[word] ^ full_word(word, column.length);
  }
  if (changed == 0) return false;
  column = out.view();
  if (absent != 0) column.validity = reinterpret_cast<const uint8_t*>(present);
  return true;
}

}  // namespace gristmill
