#include "source/unpacked.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/text.h"

namespace gristmill {
namespace {

class PlainBytes {
 public:
  explicit PlainBytes(const fs::path& file)
      : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw file_error(errno, "read", file);
  }
  ~PlainBytes() { ::close(fd_); }
  PlainBytes(const PlainBytes&) = delete;
  PlainBytes& operator=(const PlainBytes&) = delete;

  size_t read(char* to, size_t size) { return read_some(fd_, to, size, file_); }

 private:
  fs::path file_;
  int fd_;
};

class GzipBytes {
 public:
  explicit GzipBytes(const fs::path& file) : file_(file) {
    errno = 0;
    in_ = ::gzopen(file.c_str(), "rb");
    if (in_ == nullptr) throw file_error(errno == 0 ? ENOMEM : errno, "read", file);
  }
  ~GzipBytes() { ::gzclose(in_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

  size_t read(char* to, size_t size) {
    const int got = ::gzread(in_, to, unsigned(std::min<size_t>(size, size_t(1) << 30)));
    int failure = Z_OK;
    ::gzerror(in_, &failure);
    if (failure == Z_ERRNO) throw file_error(errno, "read", file_);
    if (got > 0 && ::gzdirect(in_) == 1)
      throw Error(Code::invalid, "this is not a gzip file", {.file = file_.string()},
                  "its name ends in .gz");
    if (got < 0 || failure != Z_OK)
      throw Error(Code::invalid, "this gzip file is damaged or cut short", {.file = file_.string()},
                  "copy it again from where it was made");
    return size_t(got);
  }

 private:
  fs::path file_;
  gzFile in_;
};

// Frames one after the other, as `zstd` writes them and `cat` joins them. A frame whose window is
// beyond 128 MiB is refused by the library: memory is bounded, however much is packed.
class ZstdBytes {
 public:
  explicit ZstdBytes(const fs::path& file)
      : file_(file), packed_(file), stream_(::ZSTD_createDStream()), in_(::ZSTD_DStreamInSize()) {
    if (stream_ == nullptr) throw file_error(ENOMEM, "read", file);
  }
  ~ZstdBytes() { ::ZSTD_freeDStream(stream_); }
  ZstdBytes(const ZstdBytes&) = delete;
  ZstdBytes& operator=(const ZstdBytes&) = delete;

  size_t read(char* to, size_t size) {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0 && size > 0) {
      if (at_.pos == at_.size && !more() && wanted_ == 0) return 0;
      const bool at_end = at_.size == 0;
      wanted_ = ::ZSTD_decompressStream(stream_, &out, &at_);
      if (::ZSTD_isError(wanted_)) fail();
      if (at_end && out.pos == 0 && wanted_ != 0) fail();  // its last frame does not end
    }
    return out.pos;
  }

 private:
  // False at the end of the file.
  bool more() {
    at_ = {in_.data(), packed_.read(in_.data(), in_.size()), 0};
    if (is_first_) check_magic();
    return at_.size > 0;
  }

  void check_magic() {
    is_first_ = false;
    const std::string_view head(in_.data(), std::min<size_t>(at_.size, 4));
    const bool skippable =
        head.size() == 4 && (head[0] & '\xF0') == '\x50' && head.substr(1) == "\x2A\x4D\x18";
    if (head.empty()) wanted_ = 1;  // an empty file holds no frame
    if (head == "\x28\xB5\x2F\xFD" || skippable || head.size() < 4) return;
    throw Error(Code::invalid, "this is not a zstd file", {.file = file_.string()},
                "its name ends in .zst");
  }

  [[noreturn]] void fail() const {
    throw Error(Code::invalid, "this zstd file is damaged or cut short", {.file = file_.string()},
                "copy it again from where it was made");
  }

  fs::path file_;
  PlainBytes packed_;
  ZSTD_DStream* stream_;
  std::vector<char> in_;
  ZSTD_inBuffer at_{};
  size_t wanted_ = 0;  // 0: a frame has ended
  bool is_first_ = true;
};

}  // namespace

bool is_packed(const fs::path& file) {
  const std::string name = lower(file.filename().string());
  return name.ends_with(".gz") || name.ends_with(".zst");
}

ReadBytes read_unpacked(const fs::path& file) {
  const std::string name = lower(file.filename().string());
  if (name.ends_with(".gz")) return reader_of<GzipBytes>(file);
  if (name.ends_with(".zst")) return reader_of<ZstdBytes>(file);
  return reader_of<PlainBytes>(file);
}

}  // namespace gristmill
