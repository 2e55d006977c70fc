#include "cli/byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {

ByteSource::ByteSource(const std::string& path) : path_(path) {
  fd_ = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    throw Error(errno == ENOENT ? Code::not_found : Code::unavailable,
                fmt::format("cannot read `{}`: {}", path, std::strerror(errno)));
  }
}

ByteSource::~ByteSource() { ::close(fd_); }

size_t ByteSource::read(char* to, size_t size) {
  if (used_ == head_.size()) return read_file(to, size);
  const size_t part = std::min(size, head_.size() - used_);
  std::memcpy(to, head_.data() + used_, part);
  used_ += part;
  return part;
}

std::string_view ByteSource::peek(size_t size) {
  size_t have = head_.size();
  head_.resize(std::max(size, have));
  while (have < head_.size()) {
    const size_t part = read_file(head_.data() + have, head_.size() - have);
    if (part == 0) break;
    have += part;
  }
  head_.resize(have);
  return std::string_view(head_).substr(0, size);
}

size_t ByteSource::read_file(char* to, size_t size) {
  ssize_t part;
  do {
    part = ::read(fd_, to, size);
  } while (part < 0 && errno == EINTR);
  if (part < 0)
    throw Error(Code::unavailable,
                fmt::format("cannot read `{}`: {}", path_, std::strerror(errno)));
  return size_t(part);
}

}  // namespace gristmill
