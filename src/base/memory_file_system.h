// A file system in memory, for tests: it fails the n-th change on purpose.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.h"

namespace gristmill {

// Thread-safe. Paths are compared as normalised text; folders exist once made, and "/" and "."
// always.
class MemoryFileSystem : public FileSystem {
 public:
  std::string read(const fs::path& path) override;
  void write_atomic(const fs::path& path, std::string_view bytes) override;
  void publish(const fs::path& from, const fs::path& to) override;
  bool exists(const fs::path& path) override;
  void remove(const fs::path& path) override;
  void make_dirs(const fs::path& path) override;
  std::vector<fs::path> list(const fs::path& dir) override;

  // Places a file as another program would: not whole at once, not counted as a change.
  void place(const fs::path& path, std::string_view bytes);

  // The n-th change from now on (1: the next) fails as a full disk does and changes nothing, and so
  // do all after it when `for_good`: the program was killed there. 0: none fails.
  void fail_change(int64_t n, bool for_good = false);
  // Writes, publishes, removals and folders made so far, the failed ones included.
  int64_t changes() const;

 private:
  void change(const fs::path& path);
  void need_folder_of(const fs::path& path) const;

  mutable std::mutex mutex_;
  std::map<fs::path, std::string> files_;
  std::set<fs::path> folders_ = {"/", "."};
  int64_t changes_ = 0, fail_at_ = 0;
  bool for_good_ = false;
};

}  // namespace gristmill
