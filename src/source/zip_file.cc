#include "source/zip_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

constexpr uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50,
                   end64_mark = 0x06064b50, locator_mark = 0x07064b50;
constexpr size_t end_size = 22, locator_size = 20, end64_size = 56, central_size = 46,
                 local_size = 30, comment_max = 65535;
constexpr uint64_t directory_max = uint64_t(64) << 20;
constexpr uint32_t in_zip64 = 0xFFFFFFFF;

[[noreturn]] void fail(const std::string& reason) {
  throw Error(Code::invalid, "the archive is damaged or cut short: " + reason, {},
              "copy it again from where it was made");
}

template <class T>
T load(std::string_view bytes, size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) fail("its directory ends too early");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

class Descriptor {
 public:
  explicit Descriptor(const fs::path& file)
      : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw file_error(errno, "read", file);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  size_t read(uint64_t offset, char* to, size_t size) const {
    size_t have = 0;
    while (have < size) {
      const ssize_t part = ::pread(fd_, to + have, size - have, off_t(offset + have));
      if (part < 0 && errno == EINTR) continue;
      if (part < 0) throw file_error(errno, "read", file_);
      if (part == 0) break;
      have += size_t(part);
    }
    return have;
  }

 private:
  fs::path file_;
  int fd_;
};

uint64_t size_of(const fs::path& file) {
  std::error_code failed;
  const uint64_t size = fs::file_size(file, failed);
  if (failed) throw file_error(failed.value(), "read", file);
  return size;
}

ZipFile::ReadAt reader_of_file(const fs::path& file) {
  return [fd = std::make_shared<Descriptor>(file)](uint64_t offset, char* to, size_t size) {
    return fd->read(offset, to, size);
  };
}

// The values that did not fit into 32 bits stand in an extra field, in this order.
void take_zip64(std::string_view extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const auto id = load<uint16_t>(extra, 0);
    const std::string_view field = extra.substr(4, load<uint16_t>(extra, 2));
    extra.remove_prefix(std::min(extra.size(), 4 + field.size()));
    if (id != 1) continue;
    size_t at = 0;
    for (uint64_t* value : {&member.size, &member.packed_size, &member.header}) {
      if (*value != in_zip64) continue;
      *value = load<uint64_t>(field, at);
      at += 8;
    }
    return;
  }
}

// The bytes of a member as they lie in the archive.
class PackedBytes {
 public:
  PackedBytes(ZipFile::ReadAt read, uint64_t begin, uint64_t size)
      : read_(std::move(read)), at_(begin), left_(size) {}
  size_t read(char* to, size_t size) {
    const size_t part = read_(at_, to, size_t(std::min<uint64_t>(size, left_)));
    if (part == 0 && left_ > 0 && size > 0) fail("it ends within a member");
    at_ += part;
    left_ -= part;
    return part;
  }

 private:
  ZipFile::ReadAt read_;
  uint64_t at_, left_;
};

class InflatedBytes {
 public:
  explicit InflatedBytes(PackedBytes packed) : packed_(std::move(packed)), in_(size_t(64) << 10) {
    constexpr int raw = -15;  // deflate without a frame, of the largest window
    if (::inflateInit2(&stream_, raw) != Z_OK) throw Error(Code::exhausted, "memory ran out");
  }
  ~InflatedBytes() { ::inflateEnd(&stream_); }
  InflatedBytes(const InflatedBytes&) = delete;
  InflatedBytes& operator=(const InflatedBytes&) = delete;

  size_t read(char* to, size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = uInt(std::min<size_t>(size, size_t(1) << 30));
    const uInt room = stream_.avail_out;
    while (!ended_ && stream_.avail_out == room) {
      if (stream_.avail_in == 0) {
        stream_.avail_in = uInt(packed_.read(in_.data(), in_.size()));
        stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
        if (stream_.avail_in == 0) fail("a member does not end");
      }
      const int state = ::inflate(&stream_, Z_NO_FLUSH);
      if (state == Z_STREAM_END)
        ended_ = true;
      else if (state != Z_OK && state != Z_BUF_ERROR)
        fail("a member cannot be unpacked");
    }
    return room - stream_.avail_out;
  }

 private:
  PackedBytes packed_;
  std::vector<char> in_;
  z_stream stream_{};
  bool ended_ = false;
};

// Holds a member to its size and sum.
class CheckedBytes {
 public:
  CheckedBytes(ReadBytes in, const ZipMember& member)
      : in_(std::move(in)), left_(member.size), crc_(member.crc) {}
  size_t read(char* to, size_t size) {
    const size_t part = in_(to, size);
    if (part > left_) fail("a member is longer than it says");
    left_ -= part;
    sum_ = uint32_t(::crc32_z(sum_, reinterpret_cast<const Bytef*>(to), part));
    // Who knows how much there is may never ask for what comes after the last byte.
    const bool at_end = left_ == 0 || (part == 0 && size > 0);
    if (at_end && (left_ > 0 || sum_ != crc_)) fail("a member has another sum");
    return part;
  }

 private:
  ReadBytes in_;
  uint64_t left_;
  uint32_t crc_, sum_ = 0;
};

}  // namespace

ZipFile::ZipFile(const fs::path& file) : ZipFile(reader_of_file(file), size_of(file)) {}

ZipFile::ZipFile(ReadAt read, uint64_t size) : read_(std::move(read)) { read_directory(size); }

std::string ZipFile::bytes_at(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  if (read_(offset, bytes.data(), size) < size) fail("it ends too early");
  return bytes;
}

void ZipFile::read_directory(uint64_t size) {
  const auto tail_size = size_t(std::min<uint64_t>(size, end_size + comment_max));
  const std::string tail = bytes_at(size - tail_size, tail_size);
  const std::string mark("PK\5\6");
  const size_t end = tail.rfind(mark);
  if (end == std::string::npos || tail.size() - end < end_size) {
    if (size >= 4 && bytes_at(0, 4) == "PK\3\4") fail("its directory is not there");
    throw Error(Code::invalid, "this is not a zip archive");
  }
  uint64_t count = load<uint16_t>(tail, end + 10);
  uint64_t length = load<uint32_t>(tail, end + 12), begin = load<uint32_t>(tail, end + 16);
  if (end >= locator_size && load<uint32_t>(tail, end - locator_size) == locator_mark) {
    const std::string last = bytes_at(load<uint64_t>(tail, end - locator_size + 8), end64_size);
    if (load<uint32_t>(last, 0) != end64_mark) fail("its directory is not where it says");
    count = load<uint64_t>(last, 32);
    length = load<uint64_t>(last, 40);
    begin = load<uint64_t>(last, 48);
  }
  if (length > directory_max || length > size || begin > size - length)
    fail("its directory is larger than it can be");
  const std::string directory = bytes_at(begin, size_t(length));
  std::string_view rest = directory;
  for (uint64_t i = 0; i < count; ++i) {
    if (load<uint32_t>(rest, 0) != central_mark) fail("its directory is not one");
    const size_t name = load<uint16_t>(rest, 28), extra = load<uint16_t>(rest, 30);
    const size_t whole = central_size + name + extra + load<uint16_t>(rest, 32);
    if (whole > rest.size()) fail("its directory ends too early");
    ZipMember member{.name = std::string(rest.substr(central_size, name)),
                     .method = load<uint16_t>(rest, 10),
                     .is_encrypted = (load<uint16_t>(rest, 8) & 1) != 0,
                     .crc = load<uint32_t>(rest, 16),
                     .packed_size = load<uint32_t>(rest, 20),
                     .size = load<uint32_t>(rest, 24),
                     .header = load<uint32_t>(rest, 42)};
    take_zip64(rest.substr(central_size + name, extra), member);
    members_.push_back(std::move(member));
    rest.remove_prefix(whole);
  }
}

const ZipMember* ZipFile::find(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const ZipMember& member) { return member.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

ReadBytes ZipFile::read(const ZipMember& member) const {
  if (member.is_encrypted)
    throw Error(Code::invalid, "it is encrypted", {}, "save it without a password");
  const std::string header = bytes_at(member.header, local_size);
  if (load<uint32_t>(header, 0) != local_mark) fail("a member is not where it says");
  const uint64_t begin =
      member.header + local_size + load<uint16_t>(header, 26) + load<uint16_t>(header, 28);
  PackedBytes packed(read_, begin, member.packed_size);
  if (member.method == 0)
    return reader_of<CheckedBytes>(reader_of<PackedBytes>(std::move(packed)), member);
  if (member.method == 8)
    return reader_of<CheckedBytes>(reader_of<InflatedBytes>(std::move(packed)), member);
  throw Error(Code::invalid, fmt::format("`{}` in it is packed by a method that is not read ({})",
                                         shortened(member.name), member.method));
}

}  // namespace gristmill
