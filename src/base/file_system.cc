#include "base/file_system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

namespace gristmill {

Error file_error(int error_number, std::string_view doing, const fs::path& path) {
  std::string message = "cannot " + std::string(doing) + " " + path.string() + ": ";
  switch (error_number) {
    case ENOENT:
      return Error(Code::not_found, message + "there is no such file or folder");
    case ENOSPC:
      return Error(Code::unavailable, message + "the disk is full", {},
                   "free some space, or move the project to a larger disk");
    case EDQUOT:
      return Error(Code::unavailable, message + "your disk quota is used up");
    case EACCES:
    case EPERM:
      return Error(Code::unavailable, message + "permission denied", {},
                   "check who owns the file and its folder");
    case EROFS:
      return Error(Code::unavailable, message + "the disk is read-only");
    case EISDIR:
      return Error(Code::unavailable, message + "it is a folder, not a file");
    default:
      return Error(Code::unavailable, message + std::generic_category().message(error_number));
  }
}

size_t read_some(int fd, char* to, size_t size, const fs::path& path) {
  for (;;) {
    const ssize_t got = ::read(fd, to, size);
    if (got >= 0) return size_t(got);
    if (errno != EINTR) throw file_error(errno, "read", path);
  }
}

namespace {

// Opening a pipe would wait for its writer.
constexpr int regular_only = O_RDONLY | O_NONBLOCK;
constexpr std::align_val_t copy_alignment{64};

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, std::string_view doing) {
    do fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) throw file_error(errno, doing, path);
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return fd_; }

 private:
  int fd_;
};

void sync(int fd, const fs::path& path) {
  // Some file systems cannot sync a folder and say EINVAL: then there is nothing more to do.
  if (::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
    throw file_error(errno, "write", path);
}

void sync_folder_of(const fs::path& path) {
  fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  Descriptor fd(folder, O_RDONLY | O_DIRECTORY, "open");
  sync(fd, folder);
}

// The size of what is open; Code::invalid for all but regular files.
size_t size_of_regular(int fd, const fs::path& path) {
  struct stat status;
  if (::fstat(fd, &status) != 0) throw file_error(errno, "read", path);
  if (!S_ISREG(status.st_mode))
    throw Error(Code::invalid, "cannot read " + path.string() + ": it is not a file");
  return size_t(status.st_size);
}

// How much there was, up to `size`.
size_t read_all(int fd, char* to, size_t size, const fs::path& path) {
  size_t used = 0;
  while (used < size) {
    const size_t got = read_some(fd, to + used, size - used, path);
    if (got == 0) break;
    used += got;
  }
  return used;
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    ssize_t wrote = ::write(fd, bytes.data(), std::min(bytes.size(), size_t(1) << 30));
    if (wrote < 0) {
      if (errno == EINTR) continue;
      throw file_error(errno, "write", path);
    }
    bytes.remove_prefix(size_t(wrote));
  }
}

// A name beside `path` that nobody else writes to.
fs::path aside_of(const fs::path& path) {
  static std::atomic<uint64_t> counter{0};
  fs::path aside = path;
  aside += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  return aside;
}

class Disk : public FileSystem {
 public:
  std::string read(const fs::path& path) override {
    Descriptor fd(path, O_RDONLY, "read");
    struct stat status;
    if (::fstat(fd, &status) != 0) throw file_error(errno, "read", path);
    std::string bytes(size_t(std::max<off_t>(status.st_size, 0)), '\0');
    size_t used = 0;
    // The size is a hint only: /proc files say 0, others may grow meanwhile.
    do {
      if (used == bytes.size()) bytes.resize(bytes.size() + (bytes.size() / 2) + 4096);
      used += read_all(fd, bytes.data() + used, bytes.size() - used, path);
    } while (used == bytes.size());
    bytes.resize(used);
    return bytes;
  }

  void write_atomic(const fs::path& path, std::string_view bytes) override {
    fs::path aside = aside_of(path);
    try {
      {
        Descriptor fd(aside, O_WRONLY | O_CREAT | O_EXCL, "write");
        write_all(fd, bytes, path);
        sync(fd, path);
      }
      if (::rename(aside.c_str(), path.c_str()) != 0) throw file_error(errno, "write", path);
    } catch (...) {
      ::unlink(aside.c_str());
      throw;
    }
    sync_folder_of(path);
  }

  void publish(const fs::path& from, const fs::path& to) override {
    {
      Descriptor fd(from, O_RDONLY, "open");
      sync(fd, from);
    }
    if (::rename(from.c_str(), to.c_str()) != 0) throw file_error(errno, "write", to);
    sync_folder_of(to);
  }

  bool exists(const fs::path& path) override {
    struct stat status;
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw file_error(errno, "look at", path);
  }

  void remove(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw file_error(errno, "remove", path);
  }

  void make_dirs(const fs::path& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw file_error(error.value(), "make the folder", path);
  }

  std::vector<fs::path> list(const fs::path& dir) override {
    std::error_code error;
    std::vector<fs::path> paths;
    fs::directory_iterator it(dir, error), end;
    while (!error && it != end) {
      paths.push_back(it->path());
      it.increment(error);
    }
    if (error) throw file_error(error.value(), "list", dir);
    std::sort(paths.begin(), paths.end());
    return paths;
  }
};

}  // namespace

FileSystem& disk() {
  static Disk disk;
  return disk;
}

FileWriter::FileWriter(const fs::path& path) : path_(path), aside_(aside_of(path)) {
  fd_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0) throw file_error(errno, "write", path);
}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(aside_.c_str());
}

void FileWriter::write(std::string_view bytes) {
  constexpr size_t buffer_bytes = 1 << 18;
  if (buffer_.size() + bytes.size() > buffer_bytes) flush();
  if (bytes.size() >= buffer_bytes)
    write_all(fd_, bytes, path_);
  else
    buffer_ += bytes;
}

void FileWriter::flush() {
  write_all(fd_, buffer_, path_);
  buffer_.clear();
}

void FileWriter::finish() {
  flush();
  sync(fd_, path_);
  if (::rename(aside_.c_str(), path_.c_str()) != 0) throw file_error(errno, "write", path_);
  ::close(std::exchange(fd_, -1));
  sync_folder_of(path_);
}

AsideFile::AsideFile(const fs::path& path) : path_(path), aside_(aside_of(path)) {}

AsideFile::~AsideFile() { ::unlink(aside_.c_str()); }

void AsideFile::publish() { disk().publish(aside_, path_); }

MappedFile::MappedFile(const fs::path& path) {
  Descriptor fd(path, regular_only, "read");
  size_ = size_of_regular(fd, path);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) throw file_error(errno, "read", path);
  data_ = static_cast<const char*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

FileCopy::FileCopy(const fs::path& path) {
  Descriptor fd(path, regular_only, "read");
  const size_t size = size_of_regular(fd, path);
  data_ = static_cast<char*>(::operator new(size, copy_alignment));
  try {
    size_ = read_all(fd, data_, size, path);
  } catch (...) {
    ::operator delete(data_, copy_alignment);
    throw;
  }
}

FileCopy::~FileCopy() { ::operator delete(data_, copy_alignment); }

ScratchDir::ScratchDir(const fs::path& parent) {
  std::string name = (parent / "gristmill-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw file_error(errno, "make a folder in", parent);
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace gristmill
