// What only the rows of a server's table tell.
#pragma once

#include <map>
#include <set>
#include <string>

#include "source/server_statistics.h"

namespace gristmill {

// DuckDB reads a NUMERIC that is NaN as 0.
struct NumericColumns {
  std::set<std::string> names;
  bool is_view = false;
};
// Of the tables of a schema that have such columns, by table.
std::map<std::string, NumericColumns> postgresql_numerics(SqlSession& session,
                                                          const ServerTable& schema);
// Looks for NaN in them: where there is one, the table is read by a query that tells it.
void look_for_nan(SqlSession& session, const ServerTable& at, const NumericColumns& numerics,
                  SourceTable& table);

}  // namespace gristmill
