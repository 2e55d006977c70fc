// What a project keeps beside its file, in `.gristmill/`: the store, the database, the locks, the
// bundles by name; and the SQL engine it works with.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/progress.h"
#include "store/database.h"
#include "store/file_digests.h"
#include "store/source_reads.h"
#include "store/store.h"
#include "table/engine.h"
#include "track/ledger.h"

namespace gristmill {

// A lock between programs, on a file of its own; let go with the object.
class FileLock {
 public:
  enum class Mode { shared, exclusive };
  explicit FileLock(const fs::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  // Waits for it; calls `waiting` once when it must. What was held before is let go.
  void take(Mode mode, const std::function<void()>& waiting = [] {});

 private:
  fs::path path_;
  int fd_ = -1;
};

class Workspace {
 public:
  // Where a project keeps it.
  static fs::path state_dir(const fs::path& project);
  // Where the newest bundle of a prediction lies for people and servers.
  static fs::path bundle_path(const fs::path& project, const std::string& name);
  static fs::path rejected_path(const fs::path& project, const std::string& name);
  // Where the files of URLs are kept that its sources name.
  static fs::path downloads(const fs::path& project);

  // Opens or makes the state of `project`. Waits while another program removes what is not needed.
  // Code::unavailable when the folder cannot be written.
  explicit Workspace(const fs::path& project);
  ~Workspace();

  Store& store() { return store_; }
  Ledger& ledger() { return ledger_; }
  FileDigests& file_digests() { return file_digests_; }
  SourceReads& source_reads() { return source_reads_; }
  Engine& engine();  // made when first asked for

  // Puts a stored bundle at its path, whole or not at all, in place of one that was rejected before
  // it; returns the path.
  fs::path publish_bundle(const std::string& name, const Digest& bundle);
  // Puts it aside for people to look at; the published one stays.
  fs::path reject_bundle(const std::string& name, const Digest& bundle);

  // Removes what killed programs left of their temporary files.
  void remove_left_behind();

  // For what deletes: waits until no other program has the workspace open, and keeps others out.
  void keep_others_out(Progress& progress);

  // Held during a run: a second one in the folder waits. Says so once through `progress`.
  class Lock {
   public:
    Lock(const Workspace& workspace, Progress& progress);

   private:
    FileLock lock_;
  };

 private:
  fs::path put_bundle(const fs::path& to, const Digest& bundle);

  fs::path project_, state_dir_;
  FileLock in_use_;  // shared, by everybody who reads or writes here
  Store store_;
  Database database_;
  Ledger ledger_;
  FileDigests file_digests_;
  SourceReads source_reads_;
  std::unique_ptr<ScratchDir> engine_dir_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace gristmill
