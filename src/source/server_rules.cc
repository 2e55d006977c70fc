#include "source/server_rules.h"

#include <fmt/format.h>

#include "source/quote.h"

namespace gristmill {
namespace {

ServerColumns read(SqlSession& session, const std::string& sql) {
  ServerColumns out;
  for (const auto& row : session.rows(sql)) out[row.at(0)].insert(row.at(1));
  return out;
}

}  // namespace

// To a CHAR blanks at the end are nothing, and a NUMERIC that does not fit into a decimal here is
// compared in all its digits. A collation may take other texts for equal than the same.
ServerColumns postgresql_own_rules(SqlSession& session, const ServerTable& schema) {
  return read(session, fmt::format("SELECT relname, attname FROM postgres_query({}, {})",
                                   quote_text(schema.catalog),
                                   quote_text(fmt::format(R"(
SELECT c.relname::text, a.attname::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type d ON d.oid = a.atttypid JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
LEFT JOIN pg_collation l ON l.oid = a.attcollation,
LATERAL (SELECT CASE d.typbasetype WHEN 0 THEN a.atttypmod ELSE d.typtypmod END AS typmod) m
WHERE n.nspname = {} AND a.attnum > 0 AND NOT a.attisdropped
AND (t.typname IN ('bpchar', 'citext') OR to_jsonb(l)->>'collisdeterministic' = 'false'
     OR (t.typname = 'numeric' AND (typmod < 0 OR (typmod - 4) >> 16 > 38))))",
                                                          quote_text(schema.schema)))));
}

// Whole numbers and decimals are the same to MySQL as to us. Text is equal by its collation there,
// a FLOAT is compared as it was written, a date of zeros, which is missing here, is before all
// others, and a BOOLEAN may be 2.
ServerColumns mysql_own_rules(SqlSession& session, const ServerTable& schema) {
  return read(session, fmt::format("SELECT table_name, column_name FROM duckdb_columns() "
                                   "WHERE database_name = {} AND schema_name = {} AND NOT "
                                   "regexp_full_match(data_type, '.*INT|U?INTEGER|DECIMAL.*')",
                                   quote_text(schema.catalog), quote_text(schema.schema)));
}

// Of a query, text whose collation is of bytes comes as bytes.
std::string mysql_query_of(SqlSession& session, const ServerTable& at,
                           const std::string& relation) {
  const auto quoted = [](const std::string& name) {
    std::string out = "`";
    for (const char c : name) out += c == '`' ? "``" : std::string(1, c);
    return out + "`";
  };
  const std::string query = fmt::format(
      "mysql_query({}, {})", quote_text(at.catalog),
      quote_text(fmt::format("SELECT * FROM {}.{}", quoted(at.schema), quoted(at.name))));
  const auto types = [&](const std::string& from) {
    return session.rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + from +
                        ")");
  };
  const auto scanned = types(relation), queried = types(query);
  std::string list;
  for (size_t i = 0; i < scanned.size(); ++i) {
    const std::string name = quote_name(scanned[i].at(0));
    const bool is_text = scanned[i].at(1) == "VARCHAR" && queried.at(i).at(1) == "BLOB";
    add_selected(list, scanned[i].at(0), is_text ? fmt::format("decode({})", name) : name);
  }
  return fmt::format("(SELECT {} FROM {})", list, query);
}

// No condition on a column goes through TRY(), which is the column itself.
std::string select_judged_here(const std::string& relation, const Schema& schema,
                               const std::set<std::string>& columns) {
  std::string list;
  for (const std::string& column : schema.names()) {
    const std::string name = quote_name(column);
    add_selected(list, column, columns.count(column) > 0 ? fmt::format("TRY({})", name) : name);
  }
  return fmt::format("SELECT {} FROM {}", list, relation);
}

}  // namespace gristmill
