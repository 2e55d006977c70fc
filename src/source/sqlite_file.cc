#include "source/sqlite_file.h"

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "source/files.h"

namespace gristmill {
namespace {

Error sqlite_failure(sqlite3* handle, const fs::path& path) {
  int code = sqlite3_errcode(handle) & 0xff;
  Where where{.file = path.string()};
  switch (code) {
    case SQLITE_NOTADB:
      return {Code::invalid, "this is not a SQLite database", where};
    case SQLITE_CORRUPT:
      return {Code::invalid, "this SQLite database is damaged or cut short", where};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::conflict, "another program is writing to this database", where,
              "wait until it is done, then try again"};
    case SQLITE_INTERRUPT:
      return {Code::interrupted, "interrupted"};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return {Code::unavailable, "this database cannot be opened", where,
              "a database in WAL mode needs a folder that may be written"};
    default:
      return {Code::invalid, sqlite3_errmsg(handle), where};
  }
}

int stop_when_interrupted(void*) { return interrupted() ? 1 : 0; }

}  // namespace

SqliteFile::SqliteFile(const fs::path& path) : path_(path) {
  if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    Error error = sqlite_failure(handle_, path_);
    sqlite3_close_v2(handle_);
    throw error;
  }
  sqlite3_busy_timeout(handle_, 10000);
  sqlite3_progress_handler(handle_, 100000, stop_when_interrupted, nullptr);
}

SqliteFile::~SqliteFile() { sqlite3_close_v2(handle_); }

std::vector<std::vector<std::string>> SqliteFile::rows(const std::string& sql) {
  std::vector<std::vector<std::string>> out;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    throw sqlite_failure(handle_, path_);
  }
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::vector<std::string>& row = out.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const void* data = sqlite3_column_blob(statement, i);
      int size = sqlite3_column_bytes(statement, i);
      row.emplace_back(data == nullptr ? "" : static_cast<const char*>(data), size_t(size));
    }
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) throw sqlite_failure(handle_, path_);
  return out;
}

std::vector<std::string> SqliteFile::tables() {
  std::vector<std::string> names;
  for (auto& row : rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")) {
    names.push_back(row[0]);
  }
  return names;
}

std::vector<SqliteCells> SqliteFile::cells(const std::string& table,
                                           const std::vector<std::string>& columns) {
  constexpr size_t group = 100;  // SQLite gives at most 2,000 columns
  std::vector<SqliteCells> out(columns.size());
  for (size_t begin = 0; begin < columns.size(); begin += group) {
    size_t end = std::min(begin + group, columns.size());
    std::string list;
    for (size_t i = begin; i < end; ++i) {
      for (const char* kind : {"integer", "real", "text", "blob"}) {
        list += fmt::format("{}total(typeof({}) = '{}')", list.empty() ? "" : ", ",
                            sql_name(columns[i]), kind);
      }
    }
    auto row = rows(fmt::format("SELECT {} FROM {}", list, sql_name(table))).at(0);
    for (size_t i = begin; i < end; ++i) {
      auto count = [&](size_t k) { return int64_t(std::stod(row[(i - begin) * 4 + k])); };
      out[i] = {count(0), count(1), count(2), count(3)};
    }
  }
  return out;
}

std::pair<int64_t, std::string> SqliteFile::first(const std::string& table,
                                                  const std::string& column,
                                                  const std::string& condition) {
  auto found =
      rows(fmt::format("SELECT n, CASE typeof(c) WHEN 'blob' THEN quote(c) ELSE c END FROM "
                       "(SELECT row_number() OVER () AS n, {} AS c FROM {}) WHERE {} LIMIT 1",
                       sql_name(column), sql_name(table), condition));
  if (found.empty()) return {0, ""};
  return {std::stoll(found[0][0]), found[0][1]};
}

}  // namespace gristmill
