#include "source/sqlite_file.h"

#include <limits>

#include <fmt/format.h>

#include "source/quote.h"

namespace gristmill {
namespace {

constexpr int64_t steps_of_a_look = 40'000'000;

}  // namespace

SqliteFile::SqliteFile(const fs::path& path) : database_(path, Database::Access::read) {}

std::vector<SqliteTable> SqliteFile::tables() {
  std::vector<SqliteTable> tables;
  Statement row = database_.prepare(
      "SELECT m.name, m.type = 'view', coalesce(l.wr, 0) FROM sqlite_master AS m "
      "LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = m.name "
      "WHERE m.type IN ('table', 'view') "
      "AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name");
  while (row.step()) tables.push_back({row.text(0), row.integer(1) != 0, row.integer(2) == 0});
  return tables;
}

std::vector<std::pair<std::string, std::string>> SqliteFile::columns(const std::string& table) {
  database_.prepare("SELECT * FROM " + quote_name(table));  // says what a view lacks
  std::vector<std::pair<std::string, std::string>> columns;
  Statement row = database_.prepare(
      fmt::format("SELECT name, type FROM pragma_table_info({})", quote_text(table)));
  while (row.step()) columns.emplace_back(row.text(0), row.text(1));
  return columns;
}

bool SqliteFile::looks_within_limit(const std::function<void()>& look) {
  database_.allow_steps(steps_of_a_look);
  bool done = true;
  try {
    look();
  } catch (const Error& error) {
    if (error.code() != Code::exhausted) throw;
    done = false;
  }
  database_.allow_steps(std::numeric_limits<int64_t>::max());
  return done;
}

std::vector<SqliteCells> SqliteFile::cells(const std::string& table,
                                           const std::vector<std::string>& columns) {
  constexpr size_t group = 100;  // SQLite gives at most 2,000 columns
  std::vector<SqliteCells> out(columns.size());
  for (size_t begin = 0; begin < columns.size(); begin += group) {
    size_t end = std::min(begin + group, columns.size());
    std::string list;
    for (size_t i = begin; i < end; ++i) {
      for (const char* kind : {"integer", "real", "text", "blob"}) {
        list += fmt::format("{}total(typeof({}) = '{}')", list.empty() ? "" : ", ",
                            quote_name(columns[i]), kind);
      }
    }
    Statement row = database_.prepare(fmt::format("SELECT {} FROM {}", list, quote_name(table)));
    row.step();
    for (size_t i = begin; i < end; ++i) {
      auto count = [&](size_t k) { return row.integer(int((i - begin) * 4 + k)); };
      out[i] = {count(0), count(1), count(2), count(3)};
    }
  }
  return out;
}

std::pair<int64_t, std::string> SqliteFile::first(const std::string& table,
                                                  const std::string& column,
                                                  const std::string& condition) {
  Statement found = database_.prepare(
      fmt::format("SELECT n, CASE typeof(c) WHEN 'blob' THEN quote(c) ELSE c END FROM "
                  "(SELECT row_number() OVER () AS n, {} AS c FROM {}) WHERE {} LIMIT 1",
                  quote_name(column), quote_name(table), condition));
  if (!found.step()) return {0, ""};
  return {found.integer(0), found.text(1)};
}

}  // namespace gristmill
