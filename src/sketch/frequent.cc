#include "sketch/frequent.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "sketch/hash.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

constexpr uint64_t sign_bit = uint64_t(1) << 63;

// A double's bits, so that they sort as unsigned numbers.
uint64_t ordered(double value) {
  if (std::isnan(value)) return ~uint64_t(0);
  auto bits = std::bit_cast<uint64_t>(value + 0.0);
  return bits & sign_bit ? ~bits : bits | sign_bit;
}

double from_ordered(uint64_t bits) {
  if (bits == ~uint64_t(0)) return std::numeric_limits<double>::quiet_NaN();
  return std::bit_cast<double>(bits & sign_bit ? bits & ~sign_bit : ~bits);
}

}  // namespace

FrequentItems::FrequentItems(size_t limit) : limit_(std::max<size_t>(limit, 1)) {}

void FrequentItems::observe(const Column& column) {
  FrequentItems chunk(limit_);
  std::string cell;
  for_present(column, [&](int64_t i) {
    if (column.type == Type::string) {
      chunk.add(column.string(i), 1);
    } else {
      cell.clear();
      append_item(column, i, cell);
      chunk.add(cell, 1);
    }
  });
  if (total_ == 0)
    *this = std::move(chunk);
  else
    merge(chunk);
}

void FrequentItems::merge(const FrequentItems& later) {
  if (limit_ != later.limit_)
    throw Error(Code::internal, "frequent-item sketches of different limit merged");
  if (total_ == 0) {
    *this = later;
    return;
  }
  int64_t total = total_ + later.total_;
  for (const Entry& e : later.entries_) add_hashed(e.hash, later.item(e), e.count);
  if (entries_.size() > limit_) prune();
  total_ = total;
}

void FrequentItems::add(std::string_view item, int64_t count) {
  add_hashed(hash64(item), item, count);
}

void FrequentItems::add_hashed(uint64_t hash, std::string_view text, int64_t count) {
  if (entries_.size() * 2 >= slots_.size()) rebuild(std::max<size_t>(64, slots_.size() * 2));
  total_ += count;
  size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    Entry& e = entries_[slots_[at] - 1];
    if (e.hash == hash && item(e) == text) {
      e.count += count;
      return;
    }
  }
  entries_.push_back({hash, bytes_.size(), text.size(), count});
  bytes_.append(text);
  slots_[at] = uint32_t(entries_.size());
  // Between prunings the table may grow to twice the limit, so that a pruning is paid for by as
  // many insertions.
  if (entries_.size() > 2 * limit_) prune();
}

void FrequentItems::rebuild(size_t slots) {
  slots_.assign(slots, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t at = entries_[i].hash & (slots - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots - 1);
    slots_[at] = uint32_t(i + 1);
  }
}

// Takes the count of the (limit + 1)-th item off every item; those left without a count go.
void FrequentItems::prune() {
  std::vector<int64_t> counts;
  counts.reserve(entries_.size());
  for (const Entry& e : entries_) counts.push_back(e.count);
  std::nth_element(counts.begin(), counts.begin() + int64_t(limit_), counts.end(),
                   std::greater<>());
  int64_t off = counts[limit_];
  std::string bytes;
  size_t kept = 0;
  for (Entry e : entries_) {
    if (e.count <= off) continue;
    e.count -= off;
    std::string_view text = item(e);
    e.begin = bytes.size();
    bytes.append(text);
    entries_[kept++] = e;
  }
  entries_.resize(kept);
  bytes_ = std::move(bytes);
  rebuild(std::bit_ceil(std::max<size_t>(64, kept * 4)));
}

std::vector<FrequentItems::Item> FrequentItems::by_item() const {
  std::vector<Item> items;
  items.reserve(entries_.size());
  for (const Entry& e : entries_) items.push_back({std::string(item(e)), e.count});
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.item < b.item; });
  return items;
}

std::vector<FrequentItems::Item> FrequentItems::by_count() const {
  std::vector<Item> items = by_item();
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.count > b.count; });
  return items;
}

void append_item(const Column& column, int64_t i, std::string& out) {
  uint64_t bits;
  switch (column.type) {
    case Type::boolean:
      out.push_back(column.boolean(i) ? 1 : 0);
      return;
    case Type::string:
      out.append(column.string(i));
      return;
    case Type::float64:
      bits = ordered(column.values<double>()[i]);
      break;
    case Type::date:
      bits = uint64_t(int64_t(column.values<int32_t>()[i])) ^ sign_bit;
      break;
    default:
      bits = uint64_t(column.values<int64_t>()[i]) ^ sign_bit;
  }
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(char(bits >> shift));
}

void append_value(ColumnBuffer& out, std::string_view item) {
  if (out.type() == Type::string) return out.append(item);
  bool boolean = out.type() == Type::boolean;
  if (item.size() != (boolean ? 1 : 8)) throw Error(Code::corrupt, "an item is not of its type");
  if (boolean) return out.append(item[0] != 0);
  uint64_t bits = 0;
  for (char c : item) bits = bits << 8 | uint8_t(c);
  if (out.type() == Type::float64) return out.append(from_ordered(bits));
  auto value = int64_t(bits ^ sign_bit);
  if (out.type() != Type::date) return out.append(value);
  if (value != int32_t(value)) throw Error(Code::corrupt, "an item is not a date");
  out.append_days(int32_t(value));
}

}  // namespace gristmill
