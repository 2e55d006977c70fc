#include "store/database.h"

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

[[noreturn]] void fail(sqlite3* handle, int code, const std::string& path) {
  const std::string text = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
  switch (code & 0xff) {
    case SQLITE_FULL:
      throw Error(Code::unavailable, fmt::format("the disk is full: `{}` cannot be written", path));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(Code::conflict, fmt::format("another program holds `{}`", path), {},
                  "wait for it to end, then try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      throw Error(Code::unavailable, fmt::format("`{}` cannot be written: {}", path, text), {},
                  "check the permissions of the folder");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw Error(Code::corrupt, fmt::format("`{}` is damaged: {}", path, text), {},
                  "move the folder away; the next run makes all anew");
    case SQLITE_IOERR:
      throw Error(Code::unavailable, fmt::format("`{}` cannot be read or written: {}", path, text));
    default:
      throw Error(Code::internal, fmt::format("`{}`: {}", path, text));
  }
}

}  // namespace

struct Statement::Impl {
  sqlite3* handle = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::string path;
  int next = 1;

  ~Impl() { sqlite3_finalize(statement); }
  void check(int code) const {
    if (code != SQLITE_OK) fail(handle, code, path);
  }
};

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::~Statement() = default;
Statement::Statement(Statement&&) noexcept = default;

Statement& Statement::bind(int64_t value) {
  impl_->check(sqlite3_bind_int64(impl_->statement, impl_->next++, value));
  return *this;
}

Statement& Statement::bind(double value) {
  impl_->check(sqlite3_bind_double(impl_->statement, impl_->next++, value));
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  impl_->check(sqlite3_bind_text64(impl_->statement, impl_->next++, value.data(), value.size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_null() {
  impl_->check(sqlite3_bind_null(impl_->statement, impl_->next++));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(impl_->statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(impl_->handle, code, impl_->path);
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(impl_->statement, column);
}

double Statement::real(int column) const { return sqlite3_column_double(impl_->statement, column); }

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(impl_->statement, column);
  if (text == nullptr) return "";
  return {reinterpret_cast<const char*>(text),
          size_t(sqlite3_column_bytes(impl_->statement, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(impl_->statement, column) == SQLITE_NULL;
}

struct Database::Impl {
  sqlite3* handle = nullptr;
  std::string path;
  ~Impl() { sqlite3_close_v2(handle); }
};

Database::Database(const fs::path& path) : impl_(std::make_unique<Impl>()) {
  impl_->path = path.string();
  const int code =
      sqlite3_open_v2(path.c_str(), &impl_->handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  if (code != SQLITE_OK) fail(impl_->handle, code, impl_->path);
  sqlite3_extended_result_codes(impl_->handle, 1);
  sqlite3_busy_timeout(impl_->handle, 10'000);
  execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
}

Database::~Database() = default;

Statement Database::prepare(std::string_view sql) {
  auto impl = std::make_unique<Statement::Impl>();
  impl->handle = impl_->handle;
  impl->path = impl_->path;
  const int code =
      sqlite3_prepare_v2(impl_->handle, sql.data(), int(sql.size()), &impl->statement, nullptr);
  if (code != SQLITE_OK) fail(impl_->handle, code, impl_->path);
  return Statement(std::move(impl));
}

void Database::execute(std::string_view sql) {
  const int code = sqlite3_exec(impl_->handle, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(impl_->handle, code, impl_->path);
}

void Database::transaction(const std::function<void()>& work) {
  execute("BEGIN IMMEDIATE");
  try {
    work();
    execute("COMMIT");
  } catch (...) {
    sqlite3_exec(impl_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

void Database::migrate(const std::vector<std::string>& steps) {
  auto version = [&] {
    auto statement = prepare("PRAGMA user_version");
    statement.step();
    return statement.integer(0);
  };
  if (version() == int64_t(steps.size())) return;
  transaction([&] {
    const int64_t from = version();  // another program may have been faster
    if (from > int64_t(steps.size())) {
      throw Error(Code::conflict, fmt::format("`{}` was written by a newer gristmill", impl_->path),
                  {}, "use that one, or another folder");
    }
    for (size_t i = size_t(from); i < steps.size(); ++i) execute(steps[i]);
    execute(fmt::format("PRAGMA user_version = {}", steps.size()));
  });
}

}  // namespace gristmill
