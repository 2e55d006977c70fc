#include "pipeline/query_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "clean/cells.h"
#include "pipeline/open_sources.h"
#include "source/quote.h"

namespace gristmill {
namespace {

constexpr size_t columns_most = 6;  // of a failing row that are shown

int64_t count_of(const WholeTable& table, const std::string& select) {
  const auto rows = table.query(fmt::format("SELECT count(*) AS n FROM ({}\n)", select));
  Batch batch;
  if (!rows->next(batch)) throw Error(Code::internal, "a count gave no row");
  return batch.columns[0].values<int64_t>()[0];
}

// "row 13 (id 7): customer = "c9"", or the cells alone of a row that is none of the table's.
std::string row_text(const Batch& batch, int64_t i, const std::vector<std::string>& key) {
  const Schema& schema = *batch.schema;
  std::vector<int64_t> positions(size_t(batch.rows));
  std::vector<std::string> known;  // of the key
  for (const std::string& name : key) {
    if (schema.find(name) >= 0) known.push_back(name);
  }
  const int at = schema.find(check_row_column);
  std::vector<std::string> cells;
  for (size_t c = 0; c < schema.size() && cells.size() < columns_most; ++c) {
    const std::string& name = schema[c].name;
    const bool told = std::find(known.begin(), known.end(), name) != known.end();
    if (int(c) != at && (at < 0 || !told))
      cells.push_back(fmt::format("{} = {}", name, report_text(batch.columns[c], i)));
  }
  if (at < 0) return fmt::format("{}", fmt::join(cells, ", "));
  positions[size_t(i)] = batch.columns[size_t(at)].values<int64_t>()[i] - 1;
  const std::string place = CheckRows{batch, positions.data(), known}.place(i);
  return cells.empty() ? place : fmt::format("{}: {}", place, fmt::join(cells, ", "));
}

}  // namespace

std::string quote_table(const std::string& name) {
  const auto [schema, table] = split_name(name);
  return (schema.empty() ? "" : quote_name(schema) + ".") + quote_name(table);
}

std::unique_ptr<Check> QueryCheck::clone_empty() const {
  throw Error(Code::internal, "a check by SQL observes no rows");
}

void QueryCheck::look(const WholeTable& table) {
  const std::string select = failing(table);
  const int64_t count = count_of(table, select);
  if (count == 0) return;
  std::string message = this->message(counted(count, "row"));
  if (count == table.rows) message += ", which is as many as it has";
  finding_ = {true, message, {}};
  const auto rows =
      table.query(fmt::format("SELECT * FROM ({}\n) LIMIT {}", select, check_examples_most));
  Batch batch;
  while (rows->next(batch)) {
    for (int64_t i = 0; i < batch.rows; ++i)
      finding_.examples.push_back(row_text(batch, i, table.key));
  }
}

}  // namespace gristmill
