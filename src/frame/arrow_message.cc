#include "frame/arrow_message.h"

#include <fmt/format.h>

#include <cstring>

namespace gristmill {

namespace {

constexpr std::string_view file_magic = "ARROW1";
constexpr size_t read_step = size_t(1) << 20;
constexpr int32_t metadata_max = 256 << 20;
constexpr uint32_t continuation = 0xFFFFFFFF;

}  // namespace

ArrowMessages::ArrowMessages(ReadBytes in) : in_(std::move(in)) {
  if (!read(head_, 8)) {
    fail_arrow(head_.empty() ? "it is empty" : "it ends within the first message");
  }
  file_ = std::string_view(head_.data(), file_magic.size()) == file_magic;
  if (file_) head_.clear();
}

bool ArrowMessages::read(std::vector<char>& to, size_t size) {
  while (size > 0) {
    const size_t at = to.size();
    const size_t step = std::min(size, read_step);
    to.resize(at + step);
    const size_t got = in_(to.data() + at, step);
    to.resize(at + got);
    if (got == 0) return false;
    size -= got;
  }
  return true;
}

bool ArrowMessages::next(ArrowMessage& message) {
  if (ended_) return false;
  if (head_.empty() && !read(head_, 8)) {
    // A stream may end with its input; a file has an end of its own.
    if (!head_.empty() || file_) fail_arrow("it ends too early");
    ended_ = true;
    return false;
  }
  uint32_t marker;
  int32_t size;
  std::memcpy(&marker, head_.data(), sizeof(marker));
  std::memcpy(&size, head_.data() + 4, sizeof(size));
  head_.clear();
  if (marker == 0) size = 0;  // the end, as old writers have it
  if (marker != 0 && marker != continuation) fail_arrow("it is neither an IPC stream nor a file");
  if (size == 0) {
    ended_ = true;
    return false;
  }
  if (size < 0 || size > metadata_max) fail_arrow("the size of a message is impossible");
  metadata_.clear();
  if (!read(metadata_, size_t(size))) fail_arrow("it ends within a message");
  const int64_t body_size = parse_arrow_message({metadata_.data(), metadata_.size()}, message);
  if (body_size < 0) fail_arrow("the size of a message is impossible");
  body_.clear();
  if (!read(body_, size_t(body_size))) {
    fail_arrow(fmt::format("it ends within a message of {} bytes", body_size));
  }
  message.body = {body_.data(), body_.size()};
  return true;
}

}  // namespace gristmill
