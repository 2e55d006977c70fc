#include "source/server_statistics.h"

#include <fmt/format.h>

#include "source/quote.h"

namespace gristmill {
namespace {

// A list of so many literals is parsed and looked up in some 20 ms.
constexpr int64_t keys_max = 20000;
// Before PostgreSQL 14 each row is compared with one literal after another.
constexpr int64_t keys_max_unhashed = 100;

// Rows of (column, estimated rows, literals must be ASCII, lists are hashed).
ServerStatistics read(SqlSession& session, const std::string& function, const ServerTable& table,
                      const std::string& sql) {
  ServerStatistics out;
  for (const auto& row : session.rows(
           fmt::format("SELECT name, rows, ascii::BOOLEAN, hashed::BOOLEAN FROM {}({}, {})",
                       function, quote_text(table.catalog), quote_text(sql)))) {
    out.rows = std::stoll(row.at(1));
    out.columns[row.at(0)] = {row.at(3) == "true" ? keys_max : keys_max_unhashed,
                              row.at(2) == "true"};
  }
  return out;
}

}  // namespace

// The estimate is the planner's: rows a page when it was last analyzed, times the pages of today;
// before that, rows of 100 bytes. Other types than these are text to us, but not to the server.
ServerStatistics postgresql_statistics(SqlSession& session, const ServerTable& table) {
  return read(session, "postgres_query", table,
              fmt::format(R"(
WITH relation AS (
  SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = {} AND c.relname = {}),
part AS (
  SELECT oid FROM relation WHERE relkind <> 'p' UNION ALL
  SELECT p.relid FROM relation, pg_partition_tree(oid) p WHERE relkind = 'p' AND p.isleaf),
estimate AS (
  SELECT coalesce(sum(CASE WHEN relpages > 0 AND reltuples > 0
             THEN reltuples / relpages * (pg_relation_size(oid) / current_setting('block_size')::int)
             ELSE pg_relation_size(oid) / 100 END), 0)::bigint AS rows
  FROM part JOIN pg_class USING (oid))
SELECT a.attname::text AS name, e.rows, current_setting('server_encoding') <> 'UTF8' AS ascii,
       current_setting('server_version_num')::int >= 140000 AS hashed
FROM relation r CROSS JOIN estimate e JOIN pg_attribute a ON a.attrelid = r.oid
JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typnamespace = 'pg_catalog'::regnamespace
AND t.typname IN ('int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'date',
                  'timestamp', 'timestamptz', 'uuid')
AND (t.typname <> 'numeric' OR (a.atttypmod >= 0 AND (a.atttypmod - 4) >> 16 <= 38)))",
                          quote_text(table.schema), quote_text(table.name)));
}

// Text of the character sets named, each character of which has one code. A literal beyond what the
// column's set can hold is an error there.
ServerStatistics mysql_statistics(SqlSession& session, const ServerTable& table) {
  if ((table.schema + table.name).find('\\') != std::string::npos) return {};
  return read(session, "mysql_query", table,
              fmt::format(R"(
SELECT c.column_name AS name, CAST(coalesce(t.table_rows, 0) AS SIGNED) AS `rows`,
       coalesce(c.character_set_name, 'utf8mb4') <> 'utf8mb4' AS `ascii`, 1 AS hashed
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = {} AND c.table_name = {}
AND c.data_type IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'char',
                    'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'date', 'datetime', 'timestamp',
                    'double')
AND (c.data_type <> 'decimal' OR c.numeric_precision <= 38)
AND coalesce(c.character_set_name, 'utf8mb4') IN ('utf8mb4', 'utf8mb3', 'utf8', 'latin1', 'ascii'))",
                          quote_text(table.schema), quote_text(table.name)));
}

}  // namespace gristmill
