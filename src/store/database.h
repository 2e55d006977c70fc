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

class Statement {
 public:
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& bind(int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind_null();
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

// WAL, synchronous=FULL, busy timeout 10 s. One object a thread.
class Database {
 public:
  explicit Database(const fs::path& path);
  ~Database();
  Statement prepare(std::string_view sql);
  void execute(std::string_view sql);
  // BEGIN IMMEDIATE … COMMIT; rolled back when `work` throws.
  void transaction(const std::function<void()>& work);
  // Brings the schema from `PRAGMA user_version` to the number of `steps`, one transaction.
  void migrate(const std::vector<std::string>& steps);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
