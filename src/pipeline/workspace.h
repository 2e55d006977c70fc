// What a project keeps beside its file, in `.gristmill/`: the store, the database, the lock, the
// bundles by name; and the SQL engine it works with.
#pragma once

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

class Workspace {
 public:
  // Opens or makes `dir`/.gristmill. Code::unavailable when the folder cannot be written.
  explicit Workspace(const fs::path& dir);
  ~Workspace();

  const fs::path& state_dir() const { return state_dir_; }
  Store& store() { return store_; }
  Ledger& ledger() { return ledger_; }
  FileDigests& file_digests() { return file_digests_; }
  SourceReads& source_reads() { return source_reads_; }
  Engine& engine();  // made when first asked for

  // Where the newest bundle of a prediction lies for people and servers.
  fs::path bundle_path(const std::string& name) const;
  // Puts a stored bundle there, whole or not at all.
  void publish_bundle(const std::string& name, const Digest& bundle);

  // Removes what killed programs left of their temporary files.
  void remove_left_behind();

  // Held while tasks run: a second program in the folder waits. Says so once through `progress`.
  class Lock {
   public:
    Lock(const Workspace& workspace, Progress& progress);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    int fd_ = -1;
  };

 private:
  fs::path state_dir_;
  Store store_;
  Database database_;
  Ledger ledger_;
  FileDigests file_digests_;
  SourceReads source_reads_;
  std::unique_ptr<ScratchDir> engine_dir_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace gristmill
