#include "table/narrow.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/text.h"
#include "table/join_sites.h"
#include "table/sent_filter.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Fewer rows are read whole as quickly.
constexpr int64_t rows_min = 20000;
// So many rows of the table for a key, or another side's row, at least.
constexpr int64_t rows_a_key = 10;

bool is_integer(const std::string& type) {
  static constexpr std::array types = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                       "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

// Equal values of these types are the same literal to DuckDB and to the server. Integers of
// different widths are compared as the wider; decimals of different scales are left out, and so is
// all that is converted.
bool can_look_up(const std::string& column, const std::string& key) {
  if (is_integer(column)) return is_integer(key);
  static constexpr std::array same = {"VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
                                      "UUID"};
  const bool known = std::find(same.begin(), same.end(), column) != same.end();
  return column == key && (known || column.starts_with("DECIMAL("));
}

std::string type_of(SqlSession& engine, const std::string& select) {
  return engine.rows("SELECT column_type FROM (DESCRIBE " + select + ")").at(0).at(0);
}

// The distinct keys, when they are at most `most` and come from at most `rows` rows. Text is
// compared by its column's collation; all but bytes alone would match more than the literal says.
std::optional<std::vector<std::string>> read_keys(SqlSession& engine, const std::string& keys,
                                                  const std::string& type, int64_t most,
                                                  int64_t rows) {
  const std::string collated = type == "VARCHAR"
                                   ? "(CASE WHEN false THEN k ELSE 'A' END = 'a' OR "
                                     "CASE WHEN false THEN k ELSE 'é' END IN ('e', 'e\u0301'))"
                                   : "false";
  std::vector<std::string> out;
  for (const auto& row : engine.rows(fmt::format(
           "SELECT CAST(k AS VARCHAR), k IS NULL, sum(n) OVER () > {3}, {4} FROM (SELECT "
           "TRY_CAST(key AS {1}) AS k, count(*) AS n FROM (SELECT * FROM ({0}) LIMIT {3} + 1) "
           "GROUP "
           "BY k) LIMIT {2} + 2",
           keys, type, most, rows, collated))) {
    if (row.at(2) == "true" || row.at(3) == "true") return std::nullopt;
    if (row.at(1) == "false") out.push_back(row.at(0));
  }
  if (int64_t(out.size()) > most) return std::nullopt;
  return out;
}

std::string condition(const std::string& column, const std::string& type,
                      const std::vector<std::string>& keys) {
  if (keys.empty()) return "false";
  std::string out = quote_name(column) + " IN (";
  for (size_t i = 0; i < keys.size(); ++i) {
    out += (i == 0 ? "" : ", ") + quote_text(keys[i]);
    if (type != "VARCHAR") out += "::" + type;
  }
  return out + ")";
}

// Behind the name `a.b` of so many parts at `at`; npos for what is written in another way.
size_t end_of_name(const std::string& sql, size_t at, int parts) {
  while (parts > 0 && at < sql.size()) {
    if (sql[at] == '"') {
      at = sql.find('"', at + 1);
      if (at == std::string::npos) return at;
      ++at;
      if (sql.compare(at, 1, "\"") == 0) return std::string::npos;
    } else {
      const size_t begin = at;
      while (at < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[at])) ||
                                 sql[at] == '_' || (sql[at] & 0x80) != 0))
        ++at;
      if (at == begin) return std::string::npos;
    }
    if (--parts > 0 && (at >= sql.size() || sql[at++] != '.')) return std::string::npos;
  }
  return parts == 0 ? at : std::string::npos;
}

class Narrower {
 public:
  Narrower(SqlSession& engine, const std::string& sql, const StatisticsOf& statistics,
           const Narrowing& how)
      : engine_(engine), sql_(sql), statistics_(statistics), how_(how) {}

  NarrowedQuery run() {
    NarrowedQuery out{sql_, {}, {}, {}};
    const json tree = sql_tree(engine_, sql_);
    // Of a view nobody knows how large it is.
    const auto wanted = [&](const std::string& name) {
      const ServerStatistics* known = statistics_(name);
      return known != nullptr &&
             (known->rows >= rows_min || (known->rows == 0 && !known->select.empty()));
    };
    std::map<size_t, std::pair<const json*, std::vector<std::string>>> found;  // by place
    const auto add = [&](const json* table, const std::string& said) {
      const json& place = table->at("query_location");
      if (said.empty() || !place.is_number_unsigned()) return;
      auto& [where, conditions] = found[place.get<size_t>()];
      where = table;
      conditions.push_back(said);
    };
    const Sites sites = join_sites(engine_, tree, wanted);
    for (const JoinSite& site : sites.joins) add(site.table, look_up(site, out.notes));
    if (how_.read_keys && how_.send_filters) {
      for (const FilterSite& site : sites.filters) add(site.table, sent(site));
    }
    for (auto it = found.rbegin(); it != found.rend(); ++it)
      put(*it->second.first, it->first, it->second.second, out);
    if (const std::string set = lookup_settings(engine_); !set.empty() && out.sql != sql_)
      engine_.execute(set);
    return out;
  }

 private:
  // The condition on the site's table; "" for none.
  std::string look_up(const JoinSite& site, std::vector<std::string>& notes) {
    const std::string name = table_name_of(*site.table);
    const ServerStatistics& known = *statistics_(name);
    const LookupColumn* column = lookup_column(known, site.column);
    if (column == nullptr || known.rows < rows_min) return {};
    const bool small = are_small(site.keys, known.rows);
    // Of a large table whose rows WHERE picks nobody knows how many it picks: a few are tried.
    if (!small && site.keys.at("where_clause").is_null()) return {};
    const std::string keys = sql_of(engine_, site.keys);
    const std::string type = type_of(site.column, *site.table);
    if (!can_look_up(type, gristmill::type_of(engine_, keys))) return {};
    if (!is_same_each_time(engine_, site.keys, keys)) return {};
    const int64_t most = std::min(column->keys_max, known.rows / rows_a_key);
    const std::string of = fmt::format("of about {} rows of {}", grouped(known.rows), name);
    if (!how_.read_keys) {
      notes.push_back(
          fmt::format("{} only those are fetched whose {} is in the join's other side, "
                      "if that has at most {} values",
                      of, site.column, grouped(most)));
      return {};
    }
    const auto found =
        gristmill::read_keys(engine_, keys, type, most, small ? known.rows : most * rows_a_key);
    if (!found || !std::all_of(found->begin(), found->end(), [&](const std::string& key) {
          return is_plain(key, type, column->ascii_only);
        }))
      return {};
    notes.push_back(
        fmt::format("{} only those were fetched whose {} is one of {} values of the "
                    "join's other side; the counts are of these",
                    of, site.column, grouped(int64_t(found->size()))));
    return condition(site.column, type, *found);
  }

  // The condition itself, where the server would judge it by its own rules; "" for all others.
  std::string sent(const FilterSite& site) {
    const ServerStatistics& known = *statistics_(table_name_of(*site.table));
    const LookupColumn* column = lookup_column(known, site.column);
    if (known.select.empty() || column == nullptr ||
        !can_send(compared_column(*site.condition), type_of(site.column, *site.table),
                  column->ascii_only))
      return {};
    json condition = *site.condition;
    for (const char* operand : {"left", "right", "input"}) {
      if (condition.contains(operand) && condition[operand].contains("column_names"))
        condition[operand]["column_names"] = {site.column};
    }
    if (condition.contains("children")) condition["children"][0]["column_names"] = {site.column};
    json select = sql_tree(engine_, "SELECT 1");
    select["select_list"] = json::array({std::move(condition)});
    const std::string sql = sql_of(engine_, select);
    return sql.substr(sql.find(' ') + 1);
  }

  static const LookupColumn* lookup_column(const ServerStatistics& known, const std::string& name) {
    for (const auto& [other, facts] : known.columns) {
      if (lower(other) == lower(name)) return &facts;
    }
    return nullptr;
  }

  std::string type_of(const std::string& column, const json& table) {
    return gristmill::type_of(engine_,
                              fmt::format("SELECT {} FROM {}", quote_name(column), quoted(table)));
  }

  // The keys do not come from as large a table on a server.
  bool are_small(const json& keys, int64_t rows) {
    int64_t read = 0;
    for (const std::string& name : tables_of(keys, [](const std::string&) {})) {
      if (const ServerStatistics* known = statistics_(name)) {
        if (known->rows <= 0) return false;
        read += known->rows;
      }
    }
    return read <= rows / rows_a_key;
  }

  static std::string quoted(const json& table) {
    std::string out;
    for (const char* part : {"catalog_name", "schema_name", "table_name"}) {
      const std::string name = json_text(table, part);
      if (!name.empty()) out += (out.empty() ? "" : ".") + quote_name(name);
    }
    return out;
  }

  void put(const json& table, size_t at, const std::vector<std::string>& conditions,
           NarrowedQuery& out) const {
    int parts = 0;
    for (const char* part : {"catalog_name", "schema_name", "table_name"})
      parts += json_text(table, part).empty() ? 0 : 1;
    const size_t end = end_of_name(sql_, at, parts);
    if (end == std::string::npos) return;
    std::string alias = json_text(table, "alias");
    const std::string& select = statistics_(table_name_of(table))->select;
    std::string inner = fmt::format(
        "({} WHERE {})", select.empty() ? "SELECT * FROM " + sql_.substr(at, end - at) : select,
        fmt::join(conditions, " AND "));
    if (!select.empty()) {
      for (const std::string& name :
           tables_of(sql_tree(engine_, select), [](const std::string&) {}))
        out.read_as.insert(name);
    }
    if (alias.empty()) {
      alias = json_text(table, "table_name");
      inner += " AS " + quote_name(alias);
    }
    out.sql.replace(at, end - at, inner);
    out.tables[alias] = table_name_of(table);
  }

  SqlSession& engine_;
  const std::string& sql_;
  const StatisticsOf& statistics_;
  const Narrowing how_;
};

}  // namespace

// PostgreSQL's tables are read in parts of 1,000 pages, each by a query of its own that would look
// all keys up again.
std::string lookup_settings(SqlSession& engine) {
  const bool known =
      !engine.rows("SELECT 1 FROM duckdb_settings() WHERE name = 'pg_use_ctid_scan'").empty();
  return known ? "SET pg_use_ctid_scan = false;" : "";
}

NarrowedQuery narrow(SqlSession& engine, const std::string& sql, const StatisticsOf& statistics,
                     const Narrowing& how) {
  return Narrower(engine, sql, statistics, how).run();
}

}  // namespace gristmill
