// SQLite, thinly: statements, transactions, and its errors as ours. Later PostgreSQL for a team.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace gristmill {

// A prepared statement. Values are bound from left to right; binding after a step() starts anew, so
// one statement serves many rows. Text is bytes: zeros inside survive.
class Statement {
 public:
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  bool step();  // true: a row is there
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Impl;
  explicit Statement(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// WAL, synchronous=FULL, busy timeout 10 s. One object a thread. Failures are Code::conflict
// (somebody else writes, or a constraint), Code::unavailable (full, read-only, cannot be opened)
// and Code::corrupt (not a database, or damaged), each naming the file. What only reads stops with
// Code::interrupted soon after interrupted() is set.
class Database {
 public:
  enum class Access { write, read };  // read: somebody else's file, left as it is
  explicit Database(const fs::path& path, Access access = Access::write);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Statement prepare(std::string_view sql);
  void execute(std::string_view sql);
  // What only reads: all its statements together may take this many more steps of SQLite's machine
  // (some 50 million a second), then they fail with Code::exhausted.
  void allow_steps(int64_t steps);
  // BEGIN IMMEDIATE … COMMIT; rolled back when `work` throws. Inside another one: part of it.
  void transaction(const std::function<void()>& work);
  // Brings the schema from `PRAGMA user_version` to the number of `steps`, one transaction.
  // Code::invalid when the file was written by a newer version.
  void migrate(const std::vector<std::string>& steps);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
