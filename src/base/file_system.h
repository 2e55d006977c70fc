// Files, as far as Gristmill touches them itself, behind one small interface: so that a test can
// run in memory and fail the n-th write on purpose.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gristmill {

namespace fs = std::filesystem;

// What a failed system call on a file means: "cannot <doing> <path>: the disk is full". ENOENT is
// Code::not_found, all else Code::unavailable.
Error file_error(int error_number, std::string_view doing, const fs::path& path);

// read(2), again after a signal: up to `size` bytes, 0 at the end.
size_t read_some(int fd, char* to, size_t size, const fs::path& path);

// Every failure is an Error: Code::not_found, or Code::unavailable with errno's text and the path.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual std::string read(const fs::path& path) = 0;
  // Whole or not at all: writes aside, fsyncs, renames, fsyncs the folder.
  virtual void write_atomic(const fs::path& path, std::string_view bytes) = 0;
  // Publishes a finished file: fsyncs it, renames it to `to`, fsyncs the folder.
  virtual void publish(const fs::path& from, const fs::path& to) = 0;
  virtual bool exists(const fs::path& path) = 0;
  virtual void remove(const fs::path& path) = 0;  // absent: nothing happens
  virtual void make_dirs(const fs::path& path) = 0;
  virtual std::vector<fs::path> list(const fs::path& dir) = 0;  // sorted
};

// The machine's own disk. Stateless, thread-safe.
FileSystem& disk();

// A file written piece by piece, aside; published whole by finish(), gone without it. Buffered.
class FileWriter {
 public:
  explicit FileWriter(const fs::path& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(std::string_view bytes);
  void finish();

 private:
  void flush();

  fs::path path_, aside_;
  int fd_ = -1;
  std::string buffer_;
};

// A path beside `path` for somebody else to fill; published whole by publish(), gone without it.
class AsideFile {
 public:
  explicit AsideFile(const fs::path& path);
  ~AsideFile();
  AsideFile(const AsideFile&) = delete;
  AsideFile& operator=(const AsideFile&) = delete;
  const fs::path& aside() const { return aside_; }
  void publish();

 private:
  fs::path path_, aside_;
};

// A file mapped read-only. Pages come in when touched: only for files that nobody writes to again,
// or touching what was cut off kills the program.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// A file's bytes in memory of their own, aligned to 64 bytes: what happens to the file afterwards
// does not reach them.
class FileCopy {
 public:
  explicit FileCopy(const fs::path& path);
  ~FileCopy();
  FileCopy(const FileCopy&) = delete;
  FileCopy& operator=(const FileCopy&) = delete;
  std::string_view bytes() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

// A folder that is removed, with what is in it, when the object goes.
class ScratchDir {
 public:
  explicit ScratchDir(const fs::path& parent = fs::temp_directory_path());
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace gristmill
