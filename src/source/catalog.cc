#include "source/catalog.h"

#include <algorithm>
#include <cstdio>

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

void describe_columns(SqlSession& session, SourceTable& table) {
  const std::string select = "SELECT * FROM " + table.relation;
  table.columns = session.describe(select);
  const auto& fields = table.columns.fields();
  if (std::none_of(fields.begin(), fields.end(),
                   [](const Field& field) { return field.type == Type::float64; }))
    return;
  for (const auto& row : session.rows("DESCRIBE " + select)) {
    const std::string &name = row.at(0), &type = row.at(1);
    int digits = 0, behind_point = 0;
    std::sscanf(type.c_str(), "DECIMAL(%d,%d", &digits, &behind_point);
    // Of money in 18 digits nobody uses the first; of whole numbers, which are ids, all count.
    if (digits > 18 || (digits > 15 && behind_point == 0) || type == "HUGEINT" ||
        type == "UHUGEINT" || type == "UBIGINT")
      table.notes.push_back(
          fmt::format("column {} is declared {} and read as float64, which keeps 15 digits; where "
                      "each counts, CAST it to VARCHAR in the table's SQL",
                      name, type));
  }
}

}  // namespace gristmill
