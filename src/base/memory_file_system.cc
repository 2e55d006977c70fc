#include "base/memory_file_system.h"

#include <algorithm>
#include <cerrno>

namespace gristmill {

namespace {

fs::path normal(const fs::path& path) {
  fs::path tidy = path.lexically_normal();
  if (!tidy.has_filename() && tidy.has_relative_path()) tidy = tidy.parent_path();
  return tidy.empty() ? fs::path(".") : tidy;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

std::string MemoryFileSystem::read(const fs::path& path) {
  std::lock_guard lock(mutex_);
  auto it = files_.find(normal(path));
  if (it == files_.end())
    throw file_error(folders_.count(normal(path)) ? EISDIR : ENOENT, "read", path);
  return it->second;
}

void MemoryFileSystem::write_atomic(const fs::path& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  need_folder_of(path);
  change(path);
  files_[normal(path)] = bytes;
}

void MemoryFileSystem::publish(const fs::path& from, const fs::path& to) {
  std::lock_guard lock(mutex_);
  auto it = files_.find(normal(from));
  if (it == files_.end()) throw file_error(ENOENT, "open", from);
  need_folder_of(to);
  change(to);
  std::string bytes = std::move(it->second);
  files_.erase(it);
  files_[normal(to)] = std::move(bytes);
}

bool MemoryFileSystem::exists(const fs::path& path) {
  std::lock_guard lock(mutex_);
  return files_.count(normal(path)) > 0 || folders_.count(normal(path)) > 0;
}

void MemoryFileSystem::remove(const fs::path& path) {
  std::lock_guard lock(mutex_);
  change(path);
  files_.erase(normal(path));
}

void MemoryFileSystem::make_dirs(const fs::path& path) {
  std::lock_guard lock(mutex_);
  change(path);
  for (fs::path dir = normal(path); folders_.insert(dir).second;) dir = folder_of(dir);
}

std::vector<fs::path> MemoryFileSystem::list(const fs::path& dir) {
  std::lock_guard lock(mutex_);
  fs::path wanted = normal(dir);
  if (folders_.count(wanted) == 0) throw file_error(ENOENT, "list", dir);
  std::vector<fs::path> paths;
  for (const auto& [path, bytes] : files_)
    if (folder_of(path) == wanted) paths.push_back(dir / path.filename());
  for (const fs::path& path : folders_)
    if (path != wanted && folder_of(path) == wanted) paths.push_back(dir / path.filename());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void MemoryFileSystem::place(const fs::path& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  files_[normal(path)] = bytes;
}

void MemoryFileSystem::fail_change(int64_t n, bool for_good) {
  std::lock_guard lock(mutex_);
  fail_at_ = n > 0 ? changes_ + n : 0;
  for_good_ = for_good;
}

int64_t MemoryFileSystem::changes() const {
  std::lock_guard lock(mutex_);
  return changes_;
}

void MemoryFileSystem::change(const fs::path& path) {
  ++changes_;
  if (fail_at_ > 0 && (changes_ == fail_at_ || (for_good_ && changes_ > fail_at_)))
    throw file_error(ENOSPC, "write", path);
}

void MemoryFileSystem::need_folder_of(const fs::path& path) const {
  if (folders_.count(folder_of(normal(path))) == 0) throw file_error(ENOENT, "write", path);
}

}  // namespace gristmill
