#include "source/sqlite_file.h"

#include <fmt/format.h>

#include "source/quote.h"

namespace gristmill {

SqliteFile::SqliteFile(const fs::path& path) : database_(path, Database::Access::read) {}

std::vector<std::string> SqliteFile::tables() {
  std::vector<std::string> names;
  Statement row = database_.prepare(
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
      "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
  while (row.step()) names.push_back(row.text(0));
  return names;
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
