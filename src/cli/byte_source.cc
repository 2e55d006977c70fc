#include "cli/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "source/unpacked.h"

namespace gristmill {
namespace {

size_t read_stdin(char* to, size_t size) {
  ssize_t part;
  do {
    part = ::read(STDIN_FILENO, to, size);
  } while (part < 0 && errno == EINTR);
  if (part < 0) throw file_error(errno, "read", "standard input");
  return size_t(part);
}

}  // namespace

ByteSource::ByteSource(const std::string& path)
    : source_(path == "-" ? read_stdin : read_unpacked(path)) {}

size_t ByteSource::read(char* to, size_t size) {
  if (used_ == head_.size()) return source_(to, size);
  const size_t part = std::min(size, head_.size() - used_);
  std::memcpy(to, head_.data() + used_, part);
  used_ += part;
  return part;
}

std::string_view ByteSource::peek(size_t size) {
  size_t have = head_.size();
  head_.resize(std::max(size, have));
  while (have < head_.size()) {
    const size_t part = source_(head_.data() + have, head_.size() - have);
    if (part == 0) break;
    have += part;
  }
  head_.resize(have);
  return std::string_view(head_).substr(0, size);
}

}  // namespace gristmill
