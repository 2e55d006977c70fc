// Content digests of files outside the store, remembered by what the file system says of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "store/database.h"

namespace gristmill {

// What changes when a file's content does, short of foul play.
struct FileStamp {
  std::string path;
  int64_t size = 0, mtime_ns = 0, inode = 0;
  bool operator==(const FileStamp&) const = default;
};
// Code::not_found for an absent file, Code::invalid for what is no regular file,
// Code::unavailable otherwise.
FileStamp stamp_of(const fs::path& path);

// One object a thread, as the database under it.
class FileDigests {
 public:
  // Keeps a table `file_digests` in `database`, which must outlive this.
  explicit FileDigests(Database& database);

  // SHA-256 of the file's bytes: read only when its stamp is new. A file changed within the last
  // two seconds is read and not remembered: it may change again within one tick of its clock. The
  // digest is of one state of the file: it is read anew when its stamp changes meanwhile.
  Digest digest(const fs::path& path);

  // What `find` tells of the content of files together, e.g. their columns' types, under a name
  // that says how it was found. Found once a content; not kept when a file changes meanwhile.
  std::string fact(const std::vector<fs::path>& files, const std::string& name,
                   const std::function<std::string()>& find);

 private:
  Digest digest_of(const std::vector<fs::path>& files);

  Database& database_;
};

}  // namespace gristmill
