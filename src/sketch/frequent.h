// The values of a column with their counts: all of them while they are few, the frequent ones
// otherwise. Mergeable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frame/column.h"

namespace gristmill {

// Exact while at most `limit` values were met; beyond that Misra-Gries (merged as by Agarwal and
// others, 2012): every value that occurs more than total()/limit times is kept, and its count is at
// most as much too low. Merged in the same order, equal chunks give equal counts.
//
// An item is bytes whose order is the order of the values: text as it is, all else as item_of()
// says.
class FrequentItems {
 public:
  struct Item {
    std::string item;
    int64_t count;
    bool operator==(const Item&) const = default;
  };

  explicit FrequentItems(size_t limit = 65536);

  void observe(const Column& column);      // nulls left out; a chunk of its own, then merged
  void merge(const FrequentItems& later);  // Code::internal when the limit differs

  int64_t total() const { return total_; }  // values met, kept or not

  std::vector<Item> by_count() const;  // falling counts, ties by rising item
  std::vector<Item> by_item() const;   // rising

 private:
  struct Entry {
    uint64_t hash;
    size_t begin, size;  // in bytes_
    int64_t count;
  };
  std::string_view item(const Entry& e) const { return {bytes_.data() + e.begin, e.size}; }
  void add(std::string_view item, int64_t count);
  void add_hashed(uint64_t hash, std::string_view item, int64_t count);
  void rebuild(size_t slots);
  void prune();

  size_t limit_;
  int64_t total_ = 0;
  std::vector<Entry> entries_;   // in the order first met
  std::string bytes_;            // of all items
  std::vector<uint32_t> slots_;  // open addressing, power of two: index of an entry + 1, or 0
};

// A cell (not null) as an item: text as it is; numbers, dates and times as 8 bytes, big-endian,
// that sort as the values do; booleans as 1 byte. -0.0 is 0.0, every NaN one NaN.
void append_item(const Column& column, int64_t i, std::string& out);
// Back: the value appended to a buffer of the type it was made from. Code::corrupt when the item
// is not of that type.
void append_value(ColumnBuffer& out, std::string_view item);

}  // namespace gristmill
