// What DuckDB knows of an attached database, and of its tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "source/source.h"

namespace gristmill {

// (schema, name) of the tables and views that are not the database's own, sorted.
std::vector<std::pair<std::string, std::string>> tables_and_views(SqlSession& session,
                                                                  const std::string& catalog);

// The columns of `table.relation`, and a note for each whose declared type holds more digits than
// the float64 that it becomes.
void describe_columns(SqlSession& session, SourceTable& table);

}  // namespace gristmill
