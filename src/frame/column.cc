#include "frame/column.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "base/error.h"

namespace gristmill {

namespace {

size_t bitmap_bytes(int64_t bits) { return size_t(bytes_of_bits(bits)); }

// Doubles. std::vector would move the bytes one by one, as they are constructed.
void grow(UnzeroedVector<uint8_t>& bytes, size_t size) {
  if (size <= bytes.size()) return;
  UnzeroedVector<uint8_t> larger(std::max(size, bytes.size() * 2));
  std::copy(bytes.begin(), bytes.end(), larger.begin());
  bytes.swap(larger);
}

// Copies `count` bits; bits of `to` outside [at, at + count) are kept.
void copy_bits(uint8_t* to, int64_t at, const uint8_t* from, int64_t begin, int64_t count) {
  int64_t i = 0;
  for (; i < count && ((at + i) & 7) != 0; ++i)
    get_bit(from, begin + i) ? set_bit(to, at + i) : clear_bit(to, at + i);
  if (((begin + i) & 7) == 0) {
    int64_t whole = (count - i) / 8;
    if (whole > 0) std::memcpy(to + (at + i) / 8, from + (begin + i) / 8, size_t(whole));
    i += whole * 8;
  } else {
    int shift = int((begin + i) & 7);
    for (; i + 8 <= count; i += 8) {
      const uint8_t* source = from + (begin + i) / 8;
      to[(at + i) / 8] = uint8_t((source[0] >> shift) | (source[1] << (8 - shift)));
    }
  }
  for (; i < count; ++i) get_bit(from, begin + i) ? set_bit(to, at + i) : clear_bit(to, at + i);
}

// Calls run(begin, count) for each run of set bits among the first `length`.
template <class Run>
void for_each_run(const uint8_t* bits, int64_t length, const Run& run) {
  int64_t i = 0;
  while (i < length) {
    if ((i & 7) == 0 && i + 8 <= length && bits[i >> 3] == 0) {
      i += 8;
      continue;
    }
    if (!get_bit(bits, i)) {
      ++i;
      continue;
    }
    int64_t begin = i;
    while (i < length) {
      if ((i & 7) == 0 && i + 8 <= length && bits[i >> 3] == 0xff)
        i += 8;
      else if (get_bit(bits, i))
        ++i;
      else
        break;
    }
    run(begin, i - begin);
  }
}

}  // namespace

int64_t Column::null_count() const {
  if (validity == nullptr) return 0;
  int64_t present = 0, i = 0;
  for (; i + 64 <= length; i += 64) {
    uint64_t word;
    std::memcpy(&word, validity + i / 8, sizeof(word));
    present += std::popcount(word);
  }
  for (; i < length; ++i) present += get_bit(validity, i);
  return length - present;
}

Column slice(const Column& column, int64_t begin, int64_t count) {
  assert((begin & 7) == 0);
  Column part = column;
  part.length = count;
  if (part.validity != nullptr) part.validity += begin / 8;
  if (part.type == Type::string) {
    part.offsets += begin;
  } else if (part.data != nullptr) {
    size_t bytes =
        part.type == Type::boolean ? size_t(begin / 8) : size_t(begin) * width_of(part.type);
    part.data = static_cast<const char*>(part.data) + bytes;
  }
  return part;
}

void ColumnBuffer::reset(Type type) {
  type_ = type;
  length_ = 0;
  has_nulls_ = false;
  used_ = 0;
  offsets_.clear();
  if (type == Type::string) offsets_.push_back(0);
}

void ColumnBuffer::reserve(int64_t rows, size_t text_bytes) {
  if (type_ == Type::string) {
    offsets_.reserve(size_t(rows) + 1);
    grow(bytes_, text_bytes);
  } else if (type_ == Type::boolean) {
    grow(bytes_, bitmap_bytes(rows));
  } else {
    grow(bytes_, size_t(rows) * width_of(type_));
  }
}

void ColumnBuffer::set_present(bool present) {
  if (!has_nulls_) {
    if (present) return;
    validity();
  }
  grow(validity_, bitmap_bytes(length_ + 1));
  present ? set_bit(validity_.data(), length_) : clear_bit(validity_.data(), length_);
}

void ColumnBuffer::append_null() {
  set_present(false);
  switch (type_) {
    case Type::boolean:
      grow(bytes_, bitmap_bytes(length_ + 1));
      clear_bit(bytes_.data(), length_);
      break;
    case Type::string:
      offsets_.push_back(offsets_.back());
      break;
    default: {
      size_t width = width_of(type_);
      grow(bytes_, used_ + width);
      std::memset(bytes_.data() + used_, 0, width);
      used_ += width;
    }
  }
  ++length_;
}

void ColumnBuffer::append(bool value) {
  assert(type_ == Type::boolean);
  set_present(true);
  grow(bytes_, bitmap_bytes(length_ + 1));
  value ? set_bit(bytes_.data(), length_) : clear_bit(bytes_.data(), length_);
  ++length_;
}

namespace {

template <class T>
void put(UnzeroedVector<uint8_t>& bytes, size_t& used, T value) {
  grow(bytes, used + sizeof(T));
  std::memcpy(bytes.data() + used, &value, sizeof(T));
  used += sizeof(T);
}

}  // namespace

void ColumnBuffer::append(int64_t value) {
  assert(width_of(type_) == sizeof(value) && type_ != Type::float64);
  set_present(true);
  put(bytes_, used_, value);
  ++length_;
}

void ColumnBuffer::append(double value) {
  assert(type_ == Type::float64);
  set_present(true);
  put(bytes_, used_, value);
  ++length_;
}

void ColumnBuffer::append_days(int32_t value) {
  assert(type_ == Type::date);
  set_present(true);
  put(bytes_, used_, value);
  ++length_;
}

void ColumnBuffer::grow_text(size_t more) {
  if (more > most_text - used_)
    throw Error(Code::exhausted, "65,536 cells of one text column hold more than 2 GiB", {},
                "leave the column out, or keep a part of it with substr()");
  grow(bytes_, used_ + more);
}

void ColumnBuffer::append(const Column& from, int64_t begin, int64_t count) {
  assert(type_ == from.type);
  if (count <= 0) return;
  if (type_ == Type::string) {
    int32_t first = from.offsets[begin];
    size_t size = size_t(from.offsets[begin + count] - first);
    make_room(size);
    if (size > 0)
      std::memcpy(bytes_.data() + used_, static_cast<const char*>(from.data) + first, size);
    size_t at = offsets_.size();
    offsets_.resize(at + size_t(count));
    int32_t shift = int32_t(used_) - first;
    for (int64_t i = 0; i < count; ++i)
      offsets_[at + size_t(i)] = from.offsets[begin + i + 1] + shift;
    used_ += size;
  } else if (type_ == Type::boolean) {
    grow(bytes_, bitmap_bytes(length_ + count));
    copy_bits(bytes_.data(), length_, static_cast<const uint8_t*>(from.data), begin, count);
  } else {
    size_t width = width_of(type_);
    grow(bytes_, used_ + size_t(count) * width);
    std::memcpy(bytes_.data() + used_,
                static_cast<const uint8_t*>(from.data) + size_t(begin) * width,
                size_t(count) * width);
    used_ += size_t(count) * width;
  }
  if (from.validity != nullptr || has_nulls_) {
    validity();
    grow(validity_, bitmap_bytes(length_ + count));
    if (from.validity != nullptr)
      copy_bits(validity_.data(), length_, from.validity, begin, count);
    else
      for (int64_t i = length_; i < length_ + count; ++i) set_bit(validity_.data(), i);
  }
  length_ += count;
}

void ColumnBuffer::append_selected(const Column& from, const uint8_t* keep) {
  for_each_run(keep, from.length,
               [&](int64_t begin, int64_t count) { append(from, begin, count); });
}

void* ColumnBuffer::resize_raw(int64_t length) {
  assert(type_ != Type::string);
  length_ = length;
  has_nulls_ = false;
  if (type_ == Type::boolean) {
    grow(bytes_, bitmap_bytes(length));
    std::fill_n(bytes_.begin(), bitmap_bytes(length), uint8_t(0));
  } else {
    used_ = size_t(length) * width_of(type_);
    grow(bytes_, used_);
  }
  return bytes_.data();
}

uint8_t* ColumnBuffer::validity() {
  if (!has_nulls_) {
    grow(validity_, bitmap_bytes(length_ + 1));
    std::fill_n(validity_.begin(), bitmap_bytes(length_), uint8_t(0xff));
    has_nulls_ = true;
  }
  return validity_.data();
}

void ColumnBuffer::copy_validity(const Column& from) {
  assert(from.length == length_);
  if (from.validity == nullptr) {
    has_nulls_ = false;
    return;
  }
  has_nulls_ = true;
  grow(validity_, bitmap_bytes(length_ + 1));
  std::copy_n(from.validity, bitmap_bytes(length_), validity_.begin());
}

Column ColumnBuffer::view() const {
  Column column;
  column.type = type_;
  column.length = length_;
  column.validity = has_nulls_ ? validity_.data() : nullptr;
  column.data = bytes_.data();
  if (type_ == Type::string) column.offsets = offsets_.data();
  return column;
}

size_t ColumnBuffer::memory() const {
  return validity_.capacity() + bytes_.capacity() + offsets_.capacity() * sizeof(int32_t);
}

}  // namespace gristmill
