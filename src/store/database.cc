#include "store/database.h"

#include <sqlite3.h>

#include <chrono>
#include <limits>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"

namespace gristmill {
namespace {

constexpr std::chrono::milliseconds busy_timeout{10000};
constexpr int steps_between_looks = 100000;

Error database_failure(sqlite3* handle, const std::string& path) {
  std::string text = handle == nullptr ? "out of memory" : sqlite3_errmsg(handle);
  int code = handle == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle) & 0xff;
  auto say = [&](Code kind, std::string message, std::string hint = {}) {
    return Error(kind, std::move(message), {.file = path}, std::move(hint));
  };
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return say(Code::conflict, "another program is writing to the database",
                 "wait until it is done, then try again");
    case SQLITE_FULL:
      return say(Code::unavailable, "the disk is full", "free some space and run again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return say(Code::unavailable, "the database can be read but not written",
                 "check who owns the file and its folder");
    case SQLITE_INTERRUPT:
      if (interrupted()) return Error(Code::interrupted, "interrupted");
      return say(Code::exhausted, "this takes too long");
    case SQLITE_CANTOPEN:
      return say(Code::unavailable, "the database cannot be opened",
                 "check that its folder exists and may be written");
    case SQLITE_IOERR:
      return say(Code::unavailable, "the disk refused a read or a write: " + text);
    case SQLITE_NOTADB:
      return say(Code::corrupt, "this is not a SQLite database");
    case SQLITE_CORRUPT:
      return say(Code::corrupt, "this SQLite database is damaged or cut short: " + text);
    case SQLITE_CONSTRAINT:
      return say(Code::conflict, text);
    case SQLITE_NOMEM:
      return say(Code::exhausted, "out of memory");
    default:  // in a file of somebody else's it is not our mistake
      return say(sqlite3_db_readonly(handle, "main") == 1 ? Code::invalid : Code::internal, text);
  }
}

}  // namespace

struct Statement::Impl {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::string path;
  int bound = 0;
  bool stepped = false;

  ~Impl() { sqlite3_finalize(statement); }
  void check(int code) const {
    if (code != SQLITE_OK) throw database_failure(database, path);
  }
  int next() {
    if (stepped) {
      sqlite3_reset(statement);
      bound = 0;
      stepped = false;
    }
    return ++bound;
  }
};

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::~Statement() = default;
Statement::Statement(Statement&&) noexcept = default;

Statement& Statement::bind(int64_t value) {
  int at = impl_->next();
  impl_->check(sqlite3_bind_int64(impl_->statement, at, value));
  return *this;
}

Statement& Statement::bind(double value) {
  int at = impl_->next();
  impl_->check(sqlite3_bind_double(impl_->statement, at, value));
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  int at = impl_->next();
  const char* data = value.data() == nullptr ? "" : value.data();
  impl_->check(
      sqlite3_bind_text64(impl_->statement, at, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

bool Statement::step() {
  // A statement that was used up starts again with the same values.
  impl_->stepped = true;
  int code = sqlite3_step(impl_->statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(impl_->statement);
    return false;
  }
  Error error = database_failure(impl_->database, impl_->path);
  sqlite3_reset(impl_->statement);
  throw error;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(impl_->statement, column);
}

double Statement::real(int column) const { return sqlite3_column_double(impl_->statement, column); }

std::string Statement::text(int column) const {
  const auto* data = sqlite3_column_blob(impl_->statement, column);
  int size = sqlite3_column_bytes(impl_->statement, column);
  return data == nullptr ? std::string()
                         : std::string(static_cast<const char*>(data), size_t(size));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(impl_->statement, column) == SQLITE_NULL;
}

struct Database::Impl {
  sqlite3* handle = nullptr;
  std::string path;
  int depth = 0;  // of transactions
  int64_t steps_left = std::numeric_limits<int64_t>::max();

  ~Impl() { sqlite3_close_v2(handle); }
  void execute(const std::string& sql) {
    if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw database_failure(handle, path);
    }
  }
  // SQLite refuses the change to WAL at once, without its busy timeout, where somebody else has
  // just made the file and is changing it too: the wait is ours.
  void use_wal() {
    const auto end = std::chrono::steady_clock::now() + busy_timeout;
    while (sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr) !=
           SQLITE_OK) {
      if ((sqlite3_errcode(handle) & 0xff) != SQLITE_BUSY ||
          std::chrono::steady_clock::now() > end) {
        throw database_failure(handle, path);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};

Database::Database(const fs::path& path, Access access) : impl_(new Impl) {
  impl_->path = path.string();
  const bool reads = access == Access::read;
  int flags = reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(path.c_str(), &impl_->handle, flags, nullptr) != SQLITE_OK) {
    throw database_failure(impl_->handle, impl_->path);
  }
  sqlite3_busy_timeout(impl_->handle, int(busy_timeout.count()));
  if (reads) {
    auto stop = [](void* impl) {
      int64_t& left = static_cast<Impl*>(impl)->steps_left;
      return interrupted() || (left -= steps_between_looks) < 0 ? 1 : 0;
    };
    sqlite3_progress_handler(impl_->handle, steps_between_looks, stop, impl_.get());
    return;
  }
  impl_->use_wal();
  impl_->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
}

Database::~Database() = default;

void Database::allow_steps(int64_t steps) { impl_->steps_left = steps; }

Statement Database::prepare(std::string_view sql) {
  auto statement = std::make_unique<Statement::Impl>();
  statement->database = impl_->handle;
  statement->path = impl_->path;
  if (sqlite3_prepare_v2(impl_->handle, sql.data(), int(sql.size()), &statement->statement,
                         nullptr) != SQLITE_OK) {
    throw database_failure(impl_->handle, impl_->path);
  }
  return Statement(std::move(statement));
}

void Database::execute(std::string_view sql) { impl_->execute(std::string(sql)); }

void Database::transaction(const std::function<void()>& work) {
  if (impl_->depth > 0) return work();
  impl_->execute("BEGIN IMMEDIATE");
  ++impl_->depth;
  try {
    work();
    impl_->execute("COMMIT");
  } catch (...) {
    --impl_->depth;
    // SQLite may have rolled back by itself (a full disk): then there is nothing to undo.
    sqlite3_exec(impl_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  --impl_->depth;
}

void Database::migrate(const std::vector<std::string>& steps) {
  auto version = [&] {
    Statement statement = prepare("PRAGMA user_version");
    statement.step();
    return statement.integer(0);
  };
  if (version() == int64_t(steps.size())) return;
  transaction([&] {
    int64_t from = version();  // again: another program may have been first
    if (from > int64_t(steps.size())) {
      throw Error(
          Code::invalid,
          fmt::format("the database is of version {}, this program knows {}", from, steps.size()),
          {.file = impl_->path}, "use the newer gristmill that wrote it");
    }
    for (size_t i = size_t(from); i < steps.size(); ++i) execute(steps[i]);
    execute(fmt::format("PRAGMA user_version = {}", steps.size()));
  });
}

}  // namespace gristmill
