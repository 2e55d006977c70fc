// A file or standard input as a stream of bytes, with room to look at the first ones.
#pragma once

#include <string>
#include <string_view>

namespace gristmill {

class ByteSource {
 public:
  explicit ByteSource(const std::string& path);  // "-": standard input
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  size_t read(char* to, size_t size);  // 0 at the end
  // The first bytes, up to `size`; they will be read again. Before the first read().
  std::string_view peek(size_t size);

 private:
  size_t read_file(char* to, size_t size);

  std::string path_;
  int fd_;
  std::string head_;
  size_t used_ = 0;
};

}  // namespace gristmill
