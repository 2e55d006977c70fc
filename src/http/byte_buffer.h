// Bytes between a socket and the protocol: written at the end, taken from the front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace gristmill {

class ByteBuffer {
 public:
  // Readable past the last byte, whatever is there: the JSON decoder loads whole vectors.
  static constexpr size_t padding = 64;

  char* data() { return bytes_.get() + begin_; }
  const char* data() const { return bytes_.get() + begin_; }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return begin_ == end_; }
  std::string_view view() const { return {data(), size()}; }

  char* end() { return bytes_.get() + end_; }
  size_t room() const { return capacity_ - end_; }
  void added(size_t bytes) { end_ += bytes; }
  void truncate(size_t size) { end_ = begin_ + size; }

  void clear() { begin_ = end_ = 0; }
  void consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room for at least `bytes`; moves what is there. Amortised O(bytes).
  void reserve(size_t bytes) {
    if (room() >= bytes) return;
    size_t length = size();
    size_t needed = length + bytes;
    if (needed <= capacity_) {
      std::memmove(bytes_.get(), data(), length);
    } else {
      size_t capacity = std::max(needed, 2 * capacity_);
      auto grown = std::make_unique_for_overwrite<char[]>(capacity + padding);
      if (length > 0) std::memcpy(grown.get(), data(), length);
      bytes_ = std::move(grown);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = length;
  }

  void append(std::string_view text) {
    reserve(text.size());
    std::memcpy(end(), text.data(), text.size());
    end_ += text.size();
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

// Buffers lent to connections while they have bytes to keep: the last one returned, still in the
// cache, goes out first; an idle connection holds none. Not thread-safe.
class BufferPool {
 public:
  static constexpr size_t first_capacity = 16 << 10;

  ByteBuffer take() {
    if (free_.empty()) {
      ByteBuffer buffer;
      buffer.reserve(first_capacity);
      return buffer;
    }
    ByteBuffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }

  void give(ByteBuffer&& buffer) {
    buffer.clear();
    if (buffer.capacity() <= kept_capacity && free_.size() < kept_buffers)
      free_.push_back(std::move(buffer));
    buffer = ByteBuffer();
  }

 private:
  static constexpr size_t kept_capacity = 1 << 20;
  static constexpr size_t kept_buffers = 16;
  std::vector<ByteBuffer> free_;
};

}  // namespace gristmill
