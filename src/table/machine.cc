#include "table/machine.h"

#include <dlfcn.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "table/handles.h"

namespace gristmill {
namespace {

// The number in a file of a control group; 0 when there is no file or no limit ("max").
int64_t limit_in(const fs::path& file) {
  std::ifstream in(file);
  int64_t value = 0;
  return in >> value ? value : 0;
}

// Paths of this process's control group, with its parents: each may hold a limit.
std::vector<fs::path> group_files() {
  std::vector<fs::path> files;
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string kinds = line.substr(first + 1, second - first - 1);
    bool unified = kinds.empty();
    if (!unified && kinds.find("memory") == std::string::npos) continue;
    fs::path root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const char* name = unified ? "memory.max" : "memory.limit_in_bytes";
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    for (;; group = group.parent_path()) {
      files.push_back(root / group / name);
      if (group.empty()) break;
    }
  }
  return files;
}

}  // namespace

int64_t memory_allowed() {
  int64_t bytes = int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  for (const fs::path& file : group_files()) {
    int64_t limit = limit_in(file);
    if (limit > 0) bytes = std::min(bytes, limit);
  }
  return bytes;
}

fs::path extension_file(const std::string& name) {
  std::string file = name + ".duckdb_extension";
  std::vector<fs::path> folders;
  std::error_code ignored;
  fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) folders.push_back(program.parent_path().parent_path() / "lib/gristmill");
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&duckdb_open_ext), &library) != 0) {
    fs::path beside = fs::weakly_canonical(library.dli_fname, ignored).parent_path();
    folders.push_back(beside);
    folders.push_back(beside / "gristmill");
    // The tree of unpacked dependencies that the build links against.
    folders.push_back(beside.parent_path() / "duckdb_extensions");
  }
  std::string looked;
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / file, ignored)) return folder / file;
    looked += (looked.empty() ? "" : ", ") + folder.string();
  }
  throw Error(Code::unavailable, fmt::format("{} is not installed", file), {},
              "it belongs in one of: " + looked);
}

}  // namespace gristmill
