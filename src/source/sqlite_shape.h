// How the columns of a SQLite table are read.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "source/sqlite_file.h"

namespace gristmill {

// A column and how it is read.
struct SqliteColumn {
  std::string name;
  std::string declared;  // DuckDB's type for what was declared
  std::string type;      // the type read
};

// What was found out about a table.
struct SqliteShape {
  std::vector<SqliteColumn> columns;
  bool direct = true;    // DuckDB's own scan reads it
  bool endless = false;  // a view that did not end while it was looked at
  std::vector<std::string> notes;

  nlohmann::json json() const;
  static SqliteShape from_json(const nlohmann::json& in);
};

// DuckDB's type for what a column was declared as; BLOB for nothing.
std::string duckdb_type_of_declared(const std::string& declared);
// SQLite's condition for the cells that a scan of this type refuses; where it is about dates only a
// try can tell.
std::string refused_cells(const std::string& type);
bool refuses(const std::string& type, const SqliteCells& cells);
// A column declared without a type has the one that its cells agree on.
std::string type_of_cells(const SqliteCells& cells);
// Its type tells by SQLite's storage classes alone what a scan refuses.
bool told_by_class(const std::string& type);
// The SQL by which SQLite gives a column as text that reads back to the same value.
std::string as_text(const SqliteColumn& column);

}  // namespace gristmill
