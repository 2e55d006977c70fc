// A file or standard input as a stream of bytes, with room to look at the first ones.
#pragma once

#include <string>
#include <string_view>

#include "frame/readers.h"

namespace gristmill {

class ByteSource {
 public:
  // "-": standard input. What ends in .gz or .zst is unpacked.
  explicit ByteSource(const std::string& path);

  size_t read(char* to, size_t size);  // 0 at the end
  // The first bytes, up to `size`; they will be read again. Before the first read().
  std::string_view peek(size_t size);

 private:
  ReadBytes source_;
  std::string head_;
  size_t used_ = 0;
};

}  // namespace gristmill
