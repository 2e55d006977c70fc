#include "store/file_digests.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <optional>
#include <vector>

#include "base/progress.h"

namespace gristmill {
namespace {

constexpr int64_t second_ns = 1000000000;

int64_t now_ns() {
  struct timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * second_ns + now.tv_nsec;
}

Digest read_digest(const fs::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw file_error(errno, "read", path);
  std::vector<char> buffer(1 << 20);
  Hasher hasher;
  ssize_t got;
  try {
    while ((got = ::read(fd, buffer.data(), buffer.size())) > 0) {
      hasher.update(buffer.data(), size_t(got));
      check_interrupted();
    }
    if (got < 0) throw file_error(errno, "read", path);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  return hasher.finish();
}

std::optional<Digest> remembered(Database& database, const FileStamp& stamp) {
  Statement find = database.prepare(
      "SELECT digest FROM file_digests WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?");
  find.bind(stamp.path).bind(stamp.size).bind(stamp.mtime_ns).bind(stamp.inode);
  if (!find.step()) return std::nullopt;
  return Digest::parse(find.text(0));
}

}  // namespace

FileStamp stamp_of(const fs::path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) throw file_error(errno, "read", path);
  if (S_ISDIR(status.st_mode)) {
    throw Error(Code::invalid, "a file is due here, this is a folder", {.file = path.string()});
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::invalid, "a file is due here, this is a pipe, a device or a socket",
                {.file = path.string()});
  }
  std::error_code failed;
  fs::path full = fs::absolute(path, failed);
  return {(failed ? path : full).string(), int64_t(status.st_size),
          int64_t(status.st_mtim.tv_sec) * second_ns + status.st_mtim.tv_nsec,
          int64_t(status.st_ino)};
}

FileDigests::FileDigests(Database& database) : database_(database) {
  database_.execute(
      "CREATE TABLE IF NOT EXISTS file_digests (path TEXT PRIMARY KEY, size INTEGER NOT NULL, "
      "mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, digest TEXT NOT NULL);"
      "CREATE TABLE IF NOT EXISTS file_facts (digest TEXT NOT NULL, name TEXT NOT NULL, "
      "value TEXT NOT NULL, PRIMARY KEY (digest, name))");
}

Digest FileDigests::digest(const fs::path& path) {
  FileStamp stamp = stamp_of(path);
  if (std::optional<Digest> known = remembered(database_, stamp)) return *known;
  Digest digest;
  constexpr int tries = 3;
  for (int i = 0;; ++i) {
    digest = read_digest(path);
    FileStamp after = stamp_of(path);
    if (after == stamp) break;
    if (i + 1 == tries) {
      throw Error(Code::conflict, "the file changes while it is read", {.file = path.string()},
                  "wait until its writer is done, then run again");
    }
    stamp = after;
  }
  if (now_ns() - stamp.mtime_ns < 2 * second_ns) return digest;
  Statement insert = database_.prepare(
      "INSERT OR REPLACE INTO file_digests (path, size, mtime_ns, inode, digest) "
      "VALUES (?, ?, ?, ?, ?)");
  insert.bind(stamp.path).bind(stamp.size).bind(stamp.mtime_ns).bind(stamp.inode);
  insert.bind(digest.hex()).step();
  return digest;
}

Digest FileDigests::digest_of(const std::vector<fs::path>& files) {
  if (files.size() == 1) return digest(files[0]);
  std::string all;
  for (const fs::path& file : files) all += digest(file).hex() + "\n";
  return Digest::of(all);
}

std::string FileDigests::fact(const std::vector<fs::path>& files, const std::string& name,
                              const std::function<std::string()>& find) {
  const Digest content = digest_of(files);
  Statement known = database_.prepare("SELECT value FROM file_facts WHERE digest = ? AND name = ?");
  known.bind(content.hex()).bind(name);
  if (known.step()) return known.text(0);
  const std::string value = find();
  if (digest_of(files) != content) return value;
  Statement insert =
      database_.prepare("INSERT OR REPLACE INTO file_facts (digest, name, value) VALUES (?, ?, ?)");
  insert.bind(content.hex()).bind(name).bind(value).step();
  return value;
}

}  // namespace gristmill
