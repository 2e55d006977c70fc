#include "source/server_look.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "source/quote.h"

namespace gristmill {
namespace {

// So many rows the server reads through in a second or two.
constexpr int64_t looked_through_max = 10'000'000;

std::string postgres_query(const ServerTable& at, const std::string& sql) {
  return fmt::format("postgres_query({}, {})", quote_text(at.catalog), quote_text(sql));
}

std::string table_of(const ServerTable& at) {
  return quote_name(at.schema) + "." + quote_name(at.name);
}

// In how many rows each is NaN or infinite, which have no scale; in their order.
std::vector<int64_t> count_nan(SqlSession& session, const ServerTable& at,
                               const NumericColumns& numerics) {
  std::string counts, names;
  for (const std::string& name : numerics.names) {
    const std::string as = fmt::format("n{}", counts.size());
    counts +=
        fmt::format("{0}count(*) FILTER (WHERE {1} IS NOT NULL AND scale({1}) IS NULL) AS {2}",
                    counts.empty() ? "" : ", ", quote_name(name), as);
    names += (names.empty() ? "" : ", ") + as;
  }
  const auto rows = session.rows(
      fmt::format("SELECT {} FROM {}", names,
                  postgres_query(at, fmt::format("SELECT {} FROM {}", counts, table_of(at)))));
  std::vector<int64_t> out;
  for (const std::string& cell : rows.at(0)) out.push_back(std::stoll(cell));
  return out;
}

}  // namespace

std::map<std::string, NumericColumns> postgresql_numerics(SqlSession& session,
                                                          const ServerTable& schema) {
  std::map<std::string, NumericColumns> out;
  const std::string sql = fmt::format(R"(
SELECT c.relname::text AS relname, a.attname::text AS attname, c.relkind::text AS relkind
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'm', 'v', 'f') AND a.attnum > 0
AND NOT a.attisdropped AND a.atttypid = 'numeric'::regtype)",
                                      quote_text(schema.schema));
  for (const auto& row :
       session.rows("SELECT relname, attname, relkind FROM " + postgres_query(schema, sql))) {
    NumericColumns& table = out[row.at(0)];
    table.names.insert(row.at(1));
    table.is_view = row.at(2) == "v" || row.at(2) == "f";
  }
  return out;
}

void look_for_nan(SqlSession& session, const ServerTable& at, const NumericColumns& numerics,
                  SourceTable& table) {
  if (numerics.is_view || postgresql_statistics(session, at).rows > looked_through_max) {
    table.notes.push_back(fmt::format(
        "nobody looked whether {} holds NaN, as {}: NaN in a NUMERIC is read as 0; CAST it to "
        "DOUBLE PRECISION on the server where it may be there",
        fmt::join(numerics.names, ", "), numerics.is_view ? "this is a view" : "it is so large"));
    return;
  }
  const std::vector<int64_t> counts = count_nan(session, at, numerics);
  std::map<std::string, int64_t> found;
  size_t i = 0;
  for (const std::string& name : numerics.names) {
    if (counts.at(i) > 0) found[name] = counts[i];
    ++i;
  }
  if (found.empty()) return;
  std::string list;
  for (const auto& row :
       session.rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " +
                    table.relation + ")")) {
    const std::string name = quote_name(row.at(0)), &type = row.at(1);
    std::string read = name;
    if (numerics.names.count(row.at(0)) > 0 && type == "DOUBLE") {
      read = name + "::float8";
    } else if (found.count(row.at(0)) > 0) {
      read = fmt::format("nullif({}, 'NaN')::{}", name, type);
      table.notes.push_back(fmt::format("column {} holds NaN in {} rows, where it is missing here",
                                        row.at(0), grouped(found.at(row.at(0)))));
    }
    add_selected(list, row.at(0), read);
  }
  table.relation =
      fmt::format("(SELECT * FROM {})",
                  postgres_query(at, fmt::format("SELECT {} FROM {}", list, table_of(at))));
  table.statistics = nullptr;  // its columns are not those that the server compares
}

}  // namespace gristmill
