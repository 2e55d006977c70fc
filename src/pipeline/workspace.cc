#include "pipeline/workspace.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace gristmill {
namespace {

fs::path made(const fs::path& dir) {
  disk().make_dirs(dir);
  return dir;
}

void note_waiting(Progress& progress) {
  progress.note("another gristmill is at work in this folder; waiting for it");
}

}  // namespace

FileLock::FileLock(const fs::path& path) : path_(path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw file_error(errno, "open", path);
}

FileLock::~FileLock() { ::close(fd_); }

void FileLock::take(Mode mode, const std::function<void()>& waiting) {
  const int operation = (mode == Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  for (bool told = false; ::flock(fd_, operation) != 0;) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw file_error(errno, "lock", path_);
    if (!std::exchange(told, true)) waiting();
    check_interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

fs::path Workspace::state_dir(const fs::path& project) { return project / ".gristmill"; }

fs::path Workspace::downloads(const fs::path& project) { return state_dir(project) / "downloads"; }

fs::path Workspace::bundle_path(const fs::path& project, const std::string& name) {
  return state_dir(project) / "bundles" / (name + ".bundle");
}

fs::path Workspace::rejected_path(const fs::path& project, const std::string& name) {
  return state_dir(project) / "rejected" / (name + ".bundle");
}

Workspace::Workspace(const fs::path& project) try
    : project_(project),
      state_dir_(made(state_dir(project))),
      in_use_(state_dir_ / "in-use"),
      store_(state_dir_ / "store"),
      database_(state_dir_ / "gristmill.db"),
      ledger_(database_),
      file_digests_(database_),
      source_reads_(database_) {
  in_use_.take(FileLock::Mode::shared);
} catch (const Error& error) {
  if (error.code() != Code::corrupt) throw;
  throw error.with_hint(
      "move the file away: the runs so far are forgotten, and what they made is computed again");
}

Workspace::~Workspace() {
  engine_.reset();
  if (!engine_dir_) return;
  engine_dir_.reset();
  std::error_code ignored;
  fs::remove(state_dir_ / "tmp" / std::to_string(::getpid()), ignored);
}

// Files and folders are named by the process that made them: one that no longer runs has left its
// own.
void Workspace::remove_left_behind() {
  for (const fs::path& dir : {state_dir_ / "tmp", store_.dir() / "tmp"}) {
    if (!disk().exists(dir)) continue;
    for (const fs::path& path : disk().list(dir)) {
      const pid_t owner = pid_t(std::atoll(path.filename().c_str()));
      if (owner > 0 && (::kill(owner, 0) == 0 || errno == EPERM)) continue;
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  }
}

void Workspace::keep_others_out(Progress& progress) {
  in_use_.take(FileLock::Mode::exclusive, [&] { note_waiting(progress); });
}

Engine& Workspace::engine() {
  if (!engine_) {
    engine_dir_ =
        std::make_unique<ScratchDir>(made(state_dir_ / "tmp" / std::to_string(::getpid())));
    engine_ = std::make_unique<Engine>(EngineOptions{.temp_dir = engine_dir_->path()});
  }
  return *engine_;
}

// A link to the blob: no second copy, and renaming over the old name is one step.
fs::path Workspace::publish_bundle(const std::string& name, const Digest& bundle) {
  fs::path to = put_bundle(bundle_path(project_, name), bundle);
  disk().remove(rejected_path(project_, name));
  return to;
}

fs::path Workspace::reject_bundle(const std::string& name, const Digest& bundle) {
  return put_bundle(rejected_path(project_, name), bundle);
}

fs::path Workspace::put_bundle(const fs::path& to, const Digest& bundle) {
  const fs::path from = store_.path_of(bundle);
  disk().make_dirs(to.parent_path());
  std::error_code failed;
  // Renaming one link of a file over another does nothing: the new name would stay.
  if (fs::equivalent(from, to, failed)) return to;
  const fs::path aside = store_.new_file();
  fs::create_hard_link(from, aside, failed);
  if (failed) {
    disk().write_atomic(to, store_.read(bundle));
  } else {
    disk().publish(aside, to);
  }
  return to;
}

Workspace::Lock::Lock(const Workspace& workspace, Progress& progress)
    : lock_(workspace.state_dir_ / "lock") {
  lock_.take(FileLock::Mode::exclusive, [&] { note_waiting(progress); });
}

}  // namespace gristmill
