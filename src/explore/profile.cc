#include "explore/profile.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "sketch/distinct.h"

namespace gristmill {
namespace {

constexpr int64_t odd_shown = 5;

// Mostly numbers, with something else among them.
bool nearly_numbers(const ColumnProfile& column, int64_t rows) {
  const int64_t present = rows - column.nulls;
  return column.field.type == Type::string && column.not_numbers * 5 < present &&
         column.not_numbers < present;
}

int64_t number(const std::string& text) { return text.empty() ? 0 : std::stoll(text); }

std::set<std::string> keywords(Engine& engine) {
  std::set<std::string> words;
  for (const auto& row : engine.rows("SELECT keyword_name FROM duckdb_keywords() "
                                     "WHERE keyword_category <> 'unreserved'"))
    words.insert(row.at(0));
  return words;
}

// DuckDB's approx_count_distinct has 64 registers: it may be 40 % off.
std::vector<DistinctCount> count_distinct(Engine& engine, const std::string& relation) {
  const auto rows = engine.query("SELECT * FROM " + relation);
  std::vector<DistinctCount> counts(rows->schema().size());
  Batch batch;
  while (rows->next(batch)) {
    check_interrupted();
    for (size_t c = 0; c < counts.size(); ++c) counts[c].observe(batch.columns[c]);
  }
  return counts;
}

}  // namespace

TableProfile profile_table(Engine& engine, const std::string& name, const std::string& relation,
                           const Schema& schema) {
  std::vector<std::string> list = {"count(*)"};
  for (const Field& field : schema.fields()) {
    const std::string column = quote_name(field.name);
    list.push_back(fmt::format("count(*) - count({})", column));
    list.push_back(fmt::format("min({})::VARCHAR", column));
    list.push_back(fmt::format("max({})::VARCHAR", column));
    list.push_back(
        field.type == Type::string
            ? fmt::format("count(*) FILTER ({0} IS NOT NULL AND TRY_CAST({0} AS DOUBLE) IS NULL)",
                          column)
            : "0");
  }
  for (size_t i = 0; i < list.size(); ++i) list[i] += fmt::format(" AS c{}", i);
  const std::vector<std::string> row =
      engine.rows(fmt::format("SELECT {} FROM {}", fmt::join(list, ", "), relation)).at(0);
  TableProfile profile{name, number(row.at(0)), {}};
  const std::set<std::string> words = keywords(engine);
  const std::vector<DistinctCount> distinct = count_distinct(engine, relation);
  for (size_t c = 0; c < schema.size(); ++c) {
    const size_t at = 1 + 4 * c;
    ColumnProfile column{schema[c],
                         number(row.at(at)),
                         std::min(distinct.at(c).estimate(), profile.rows - number(row.at(at))),
                         row.at(at + 1),
                         row.at(at + 2),
                         number(row.at(at + 3)),
                         {},
                         words.count(lower(schema[c].name)) > 0};
    if (column.not_numbers > 0 && nearly_numbers(column, profile.rows)) {
      const std::string text = quote_name(schema[c].name);
      for (const auto& odd : engine.rows(fmt::format(
               "SELECT {0} FROM {1} WHERE {0} IS NOT NULL AND TRY_CAST({0} AS DOUBLE) IS NULL "
               "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {2}",
               text, relation, odd_shown))) {
        column.odd_values.push_back(odd.at(0));
      }
    }
    profile.columns.push_back(std::move(column));
  }
  return profile;
}

}  // namespace gristmill
