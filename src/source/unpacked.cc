#include "source/unpacked.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

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

}  // namespace

ReadBytes read_unpacked(const fs::path& file) {
  return lower(file.string()).ends_with(".gz") ? reader_of<GzipBytes>(file)
                                               : reader_of<PlainBytes>(file);
}

}  // namespace gristmill
