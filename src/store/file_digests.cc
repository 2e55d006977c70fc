#include "store/file_digests.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr int64_t settled_ns = 2'000'000'000;

struct Stamp {
  int64_t size, mtime_ns, inode;
};

Stamp stamp(const fs::path& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) {
    throw Error(errno == ENOENT ? Code::not_found : Code::unavailable,
                fmt::format("cannot read `{}`: {}", path.string(), std::strerror(errno)));
  }
  return {info.st_size, int64_t(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
          int64_t(info.st_ino)};
}

int64_t now_ns() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

Digest read_digest(const fs::path& path) {
  const MappedFile file(path);
  return Digest::of(file.bytes());
}

}  // namespace

FileDigests::FileDigests(Database& database) : database_(database) {
  database_.execute(
      "CREATE TABLE IF NOT EXISTS file_digests (path TEXT PRIMARY KEY, size INTEGER NOT NULL, "
      "mtime_ns INTEGER NOT NULL, "
      "inode INTEGER NOT NULL, digest TEXT NOT NULL)");
}

Digest FileDigests::digest(const fs::path& path) {
  const std::string name = fs::absolute(path).lexically_normal().string();
  const Stamp now = stamp(path);
  auto known = database_.prepare(
      "SELECT digest FROM file_digests WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?");
  known.bind(name).bind(now.size).bind(now.mtime_ns).bind(now.inode);
  if (known.step()) return Digest::parse(known.text(0));
  const Digest digest = read_digest(path);
  if (now_ns() - now.mtime_ns < settled_ns) return digest;
  auto store = database_.prepare("INSERT OR REPLACE INTO file_digests VALUES (?, ?, ?, ?, ?)");
  store.bind(name).bind(now.size).bind(now.mtime_ns).bind(now.inode).bind(digest.hex());
  store.step();
  return digest;
}

}  // namespace gristmill
