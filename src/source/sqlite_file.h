// A SQLite file as SQLite itself sees it: what DuckDB's reader does not tell.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "store/database.h"

namespace gristmill {

// How many cells of each storage class a column holds, nulls aside.
struct SqliteCells {
  int64_t integers = 0, reals = 0, texts = 0, blobs = 0;
};

struct SqliteTable {
  std::string name;
  bool view = false;
  bool row_id = true;  // false: declared WITHOUT ROWID
};

// Opened read-only. Errors are Database's. Not thread-safe.
class SqliteFile {
 public:
  explicit SqliteFile(const fs::path& path);

  std::vector<SqliteTable> tables();  // and views, by name
  // Names and declared types, "" for none. Code::invalid for a view of what is not there.
  std::vector<std::pair<std::string, std::string>> columns(const std::string& table);
  // Calls `look` with only so much work allowed (some seconds); false when that did not do.
  bool looks_within_limit(const std::function<void()>& look);
  // One scan of the table for every 100 columns.
  std::vector<SqliteCells> cells(const std::string& table, const std::vector<std::string>& columns);
  // The first row (from 1) for which `condition` over the column's cell `c` is true, and that cell
  // as text; row 0 when there is none.
  std::pair<int64_t, std::string> first(const std::string& table, const std::string& column,
                                        const std::string& condition);

 private:
  Database database_;
};

}  // namespace gristmill
