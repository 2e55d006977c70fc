#include "pipeline/workspace.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace gristmill {
namespace {

fs::path made(const fs::path& dir) {
  disk().make_dirs(dir);
  return dir;
}

}  // namespace

Workspace::Workspace(const fs::path& dir)
    : state_dir_(made(dir / ".gristmill")),
      store_(state_dir_ / "store"),
      database_(state_dir_ / "gristmill.db"),
      ledger_(database_),
      file_digests_(database_),
      source_reads_(database_) {}

Workspace::~Workspace() {
  engine_.reset();
  if (!engine_dir_) return;
  engine_dir_.reset();
  std::error_code ignored;
  fs::remove(state_dir_ / "tmp" / std::to_string(::getpid()), ignored);
}

// Folders are named by the process that made them: one that no longer runs has left its own.
void Workspace::remove_left_behind() {
  if (!disk().exists(state_dir_ / "tmp")) return;
  for (const fs::path& dir : disk().list(state_dir_ / "tmp")) {
    const pid_t owner = pid_t(std::atoll(dir.filename().c_str()));
    if (owner > 0 && (::kill(owner, 0) == 0 || errno == EPERM)) continue;
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }
}

Engine& Workspace::engine() {
  if (!engine_) {
    engine_dir_ =
        std::make_unique<ScratchDir>(made(state_dir_ / "tmp" / std::to_string(::getpid())));
    engine_ = std::make_unique<Engine>(EngineOptions{.temp_dir = engine_dir_->path()});
  }
  return *engine_;
}

fs::path Workspace::bundle_path(const std::string& name) const {
  return state_dir_ / "bundles" / (name + ".bundle");
}

// A link to the blob: no second copy, and renaming over the old name is one step.
void Workspace::publish_bundle(const std::string& name, const Digest& bundle) {
  const fs::path to = bundle_path(name);
  disk().make_dirs(to.parent_path());
  const fs::path aside = store_.new_file();
  std::error_code failed;
  fs::create_hard_link(store_.path_of(bundle), aside, failed);
  if (failed) {
    disk().write_atomic(to, store_.read(bundle));
    return;
  }
  fs::rename(aside, to);
}

Workspace::Lock::Lock(const Workspace& workspace, Progress& progress) {
  const fs::path path = workspace.state_dir() / "lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) {
    throw Error(Code::unavailable,
                fmt::format("cannot open `{}`: {}", path.string(), strerror(errno)));
  }
  bool told = false;
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (!told) progress.note("another gristmill is at work in this folder; waiting for it");
    told = true;
    try {
      check_interrupted();
    } catch (...) {
      ::close(fd_);
      throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Workspace::Lock::~Lock() { ::close(fd_); }

}  // namespace gristmill
