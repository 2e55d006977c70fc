// A SQLite file as SQLite itself sees it: what DuckDB's reader does not tell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/database.h"

namespace gristmill {

// How many cells of each storage class a column holds, nulls aside.
struct SqliteCells {
  int64_t integers = 0, reals = 0, texts = 0, blobs = 0;
};

// Opened read-only. Errors are Database's. Not thread-safe.
class SqliteFile {
 public:
  explicit SqliteFile(const fs::path& path);

  std::vector<std::string> tables();  // and views, by name
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
