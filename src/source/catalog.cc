#include "source/catalog.h"

#include <fmt/format.h>

#include "source/quote.h"

namespace gristmill {

std::vector<std::pair<std::string, std::string>> tables_and_views(SqlSession& session,
                                                                  const std::string& catalog) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& row : session.rows(fmt::format(
           "SELECT schema_name, table_name FROM duckdb_tables() "
           "WHERE database_name = {0} AND NOT internal UNION ALL SELECT schema_name, view_name "
           "FROM duckdb_views() WHERE database_name = {0} AND NOT internal ORDER BY ALL",
           quote_text(catalog))))
    names.emplace_back(row[0], row[1]);
  return names;
}

}  // namespace gristmill
