// Patterns over folders.
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "source/files.h"

namespace gristmill {
namespace {

class Glob {
 public:
  explicit Glob(std::vector<std::string> parts) : parts_(std::move(parts)) {}

  // One level of the pattern at a time. `**` leads to a place on many ways: it is seen once.
  void descend(const fs::path& dir, size_t part) {
    if (!seen_.emplace(dir.string(), part).second) return;
    std::error_code failed;
    if (part == parts_.size()) {
      if (!fs::is_directory(dir, failed)) found_.push_back(dir);
      return;
    }
    const std::string& pattern = parts_[part];
    if (pattern != "**" && !has_wildcard(pattern)) {
      if (fs::exists(dir / pattern, failed)) descend(dir / pattern, part + 1);
      return;
    }
    if (pattern == "**") descend(dir, part + 1);
    fs::directory_iterator entry(dir, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed))
      visit(*entry, part);
    // What is no folder, or went meanwhile, holds no file; of one that cannot be read nobody knows.
    if (failed == std::errc::permission_denied) throw file_error(failed.value(), "read", dir);
  }

  std::vector<fs::path> found() { return std::move(found_); }

 private:
  void visit(const fs::directory_entry& entry, size_t part) {
    const std::string& pattern = parts_[part];
    const std::string name = entry.path().filename().string();
    if (name[0] == '.' && pattern[0] != '.') return;
    std::error_code ignored;
    if (pattern == "**") {
      const bool folder = entry.is_directory(ignored) && !entry.is_symlink(ignored);
      if (folder) descend(entry.path(), part);
    } else if (is_like(name, pattern)) {
      const bool last = part + 1 == parts_.size();
      if (last || entry.is_directory(ignored)) descend(entry.path(), part + 1);
    }
  }

  std::vector<std::string> parts_;
  std::set<std::pair<std::string, size_t>> seen_;
  std::vector<fs::path> found_;
};

}  // namespace

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool is_like(const std::string& name, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

std::vector<fs::path> glob_files(const fs::path& base, const std::string& pattern) {
  fs::path full = base / pattern;
  std::vector<std::string> parts;
  for (const fs::path& part : full.relative_path()) {
    if (!part.empty()) parts.push_back(part.string());
  }
  Glob glob(std::move(parts));
  glob.descend(full.is_absolute() ? full.root_path() : fs::path("."), 0);
  std::vector<fs::path> out = glob.found();
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace gristmill
