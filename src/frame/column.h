// One column of a batch, in Arrow's layout without an offset.
// Column is a view; ColumnBuffer owns and is reused: after the first batches it allocates nothing.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "frame/bitmap.h"
#include "frame/schema.h"

namespace gristmill {

// A view of `length` values. The bytes belong to somebody else. The value of a null is unspecified
// but readable; a null string has equal offsets.
struct Column {
  Type type = Type::string;
  int64_t length = 0;
  const uint8_t* validity = nullptr;  // bitmap, 1: present; nullptr: no nulls
  const void* data = nullptr;         // as Type says; string: the bytes
  const int32_t* offsets = nullptr;   // string: length + 1

  bool is_null(int64_t i) const { return validity != nullptr && !get_bit(validity, i); }
  template <class T>
  const T* values() const {  // int64_t, double or int32_t, as the type is
    return static_cast<const T*>(data);
  }
  bool boolean(int64_t i) const { return get_bit(static_cast<const uint8_t*>(data), i); }
  std::string_view string(int64_t i) const {
    return {static_cast<const char*>(data) + offsets[i], size_t(offsets[i + 1] - offsets[i])};
  }
  int64_t null_count() const;
};

// Rows [begin, begin + count) of a column; `begin` is a multiple of 8.
Column slice(const Column& column, int64_t begin, int64_t count);

// Bytes that are not zeroed before they are written.
template <class T>
struct UnzeroedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnzeroedAllocator<U>;
  };
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    std::construct_at(at, std::forward<Args>(args)...);
  }
};
template <class T>
using UnzeroedVector = std::vector<T, UnzeroedAllocator<T>>;

class ColumnBuffer {
 public:
  explicit ColumnBuffer(Type type = Type::string) { reset(type); }

  // Empty, of this type; capacity is kept.
  void reset(Type type);
  void clear() { reset(type_); }
  Type type() const { return type_; }
  int64_t length() const { return length_; }

  // One value at the end, of the column's type; dates as int32_t days, times as int64_t.
  void append_null();
  void append(bool value);
  void append(int64_t value);
  void append(double value);
  void append_days(int32_t value);
  void append(std::string_view value) {  // Code::exhausted past 2 GiB of text in one batch
    assert(type_ == Type::string);
    make_room(value.size());
    if (has_nulls_) set_present(true);
    if (!value.empty()) std::memcpy(bytes_.data() + used_, value.data(), value.size());
    used_ += value.size();
    offsets_.push_back(int32_t(used_));
    ++length_;
  }
  void append(const char*) = delete;  // would become bool
  // The text of an earlier row once more.
  void append_again(int64_t row) {
    make_room(string(row).size());  // before the text is looked at: it may move
    append(string(row));
  }
  // Room for so many rows, of text with so many bytes in all.
  void reserve(int64_t rows, size_t text_bytes);
  // Of all rows.
  size_t text_bytes() const { return type_ == Type::string ? used_ : 0; }
  // The text of a row.
  std::string_view string(int64_t row) const {
    const size_t at = size_t(row);
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[at],
            size_t(offsets_[at + 1] - offsets_[at])};
  }
  // Rows [begin, begin + count) of a column of the same type.
  void append(const Column& from, int64_t begin, int64_t count);
  // The rows whose bit is set in `keep`.
  void append_selected(const Column& from, const uint8_t* keep);

  // Vector access for types of fixed width and booleans: makes the column `length` long, all
  // present, and returns its values to write (booleans: a zeroed bitmap).
  template <class T>
  T* resize(int64_t length) {
    return static_cast<T*>(resize_raw(length));
  }
  // The validity bitmap to write; made all ones when there was none. `length` bits.
  uint8_t* validity();
  // Copies another column's validity (same length).
  void copy_validity(const Column& from);

  Column view() const;
  // Bytes of memory held.
  size_t memory() const;

 private:
  static constexpr size_t most_text = size_t(std::numeric_limits<int32_t>::max());

  void* resize_raw(int64_t length);
  void set_present(bool present);
  // For `more` bytes of text.
  void make_room(size_t more) {
    if (more > most_text - used_ || used_ + more > bytes_.size()) grow_text(more);
  }
  void grow_text(size_t more);

  Type type_ = Type::string;
  int64_t length_ = 0;
  bool has_nulls_ = false;
  UnzeroedVector<uint8_t> validity_;
  UnzeroedVector<uint8_t> bytes_;  // values, or text
  size_t used_ = 0;                // of bytes_
  UnzeroedVector<int32_t> offsets_;
};

}  // namespace gristmill
