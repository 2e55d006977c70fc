// Content digests of files, remembered by path, size, time of change and inode.
#pragma once

#include "base/digest.h"
#include "base/file_system.h"
#include "store/database.h"

namespace gristmill {

class FileDigests {
 public:
  explicit FileDigests(Database& database);  // makes its table

  // SHA-256 of the file's bytes. A file that changed within the last two seconds is read each time:
  // its next change may leave size and time as they are.
  Digest digest(const fs::path& path);

 private:
  Database& database_;
};

}  // namespace gristmill
