#include "table/key.h"

#include <fmt/format.h>

#include "frame/cell.h"
#include "table/sql_text.h"

namespace gristmill {
namespace {

Error missing(const std::string& column, const std::string& table) {
  return {Code::invalid,
          fmt::format("the key column {} has missing values", column),
          {.table = table, .field = column},
          "a key must tell every row: leave those rows out in SQL, or take another key"};
}

// `values`: the texts of one key that occurs more than once.
Error not_unique(const std::vector<std::string>& key, const std::vector<std::string>& values,
                 const std::string& table) {
  std::string example;
  for (size_t i = 0; i < key.size(); ++i)
    example += fmt::format("{}{} = {}", i == 0 ? "" : ", ", key[i], values[i]);
  return {
      Code::invalid,
      fmt::format("the key [{}] is not unique: {} occurs more than once", fmt::join(key, ", "),
                  example),
      {.table = table},
      "add a column to the key, find the join that multiplies rows, or leave repeated rows out: "
      "with the rule `dedupe`, or in SQL (SELECT DISTINCT)"};
}

}  // namespace

KeyCheck::KeyCheck(const std::vector<std::string>& key, const Schema& schema,
                   const std::string& table, bool unique)
    : key_(key), table_(table), unique_(unique) {
  for (const std::string& name : key) columns_.push_back(schema.index_of(name, "table " + table));
}

void KeyCheck::check(const Batch& batch, int64_t first_row) {
  if (columns_.empty()) return;
  for (int64_t row = 0; row < batch.rows; ++row) {
    cells_.clear();
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = batch.columns[columns_[i]];
      if (column.is_null(row)) throw missing(key_[i], table_);
      append_canonical(column, row, cells_);
    }
    if (unique_ && first_row + row > 0 && cells_ == last_) {
      std::vector<std::string> values;
      for (size_t column : columns_) values.push_back(cell_text(batch.columns[column], row));
      throw not_unique(key_, values, table_);
    }
    std::swap(cells_, last_);
  }
}

void check_key(Engine& engine, const std::string& relation, const std::vector<std::string>& key,
               const Schema& schema, const std::string& table) {
  std::vector<std::string> columns, texts;
  for (const std::string& name : key) {
    if (schema[schema.index_of(name, "table " + table)].nullable) throw missing(name, table);
    columns.push_back(quote_name(name));
    texts.push_back(fmt::format("CAST({} AS VARCHAR)", columns.back()));
  }
  const std::string by = fmt::format("{}", fmt::join(columns, ", "));
  const auto twice = engine.rows(
      fmt::format("SELECT {} FROM {} GROUP BY {} HAVING count(*) > 1 ORDER BY {} LIMIT 1",
                  fmt::join(texts, ", "), relation, by, by));
  if (!twice.empty()) throw not_unique(key, twice[0], table);
}

}  // namespace gristmill
