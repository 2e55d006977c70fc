#include "cli/rows_text.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "base/progress.h"
#include "cli/console.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr size_t max_cell = 40;  // characters shown

template <class Visit>
int64_t first_rows(BatchReader& rows, int64_t limit, Visit&& visit) {
  int64_t seen = 0;
  Batch batch;
  while (seen < limit && rows.next(batch)) {
    check_interrupted();
    for (int64_t i = 0; i < batch.rows && seen < limit; ++i, ++seen) visit(batch, i);
  }
  return seen;
}

using Cells = std::vector<std::string>;

void print_table(BatchReader& rows, int64_t limit, int64_t total) {
  constexpr size_t rows_that_decide = 1000;  // how wide the columns are
  std::vector<Cells> first;
  std::optional<TextTable> table;
  auto begin = [&] {
    table.emplace(rows.schema().names(), first);
    fmt::print("{}", table->head());
    for (const Cells& row : first) fmt::print("{}", table->line(row));
  };
  const int64_t seen = first_rows(rows, limit, [&](const Batch& batch, int64_t i) {
    Cells cells;
    for (const Column& column : batch.columns) cells.push_back(shown_text(cell_text(column, i)));
    if (table) {
      fmt::print("{}", table->line(cells));
      return;
    }
    first.push_back(std::move(cells));
    if (first.size() == rows_that_decide) begin();
  });
  if (!table) begin();
  if (total < 0) return;
  fmt::print("{}", seen < total ? fmt::format("{} of {} rows\n", grouped(seen), grouped(total))
                                : fmt::format("{} rows\n", grouped(total)));
}

void print_json(BatchReader& rows, int64_t limit) {
  fmt::print("{{\"columns\":{},\"rows\":[", rows.schema().json().dump());
  bool begun = false;
  first_rows(rows, limit, [&](const Batch& batch, int64_t i) {
    nlohmann::json row = nlohmann::json::array();
    for (const Column& column : batch.columns) row.push_back(cell_json(column, i));
    fmt::print("{}{}", begun ? "," : "", row.dump());
    begun = true;
  });
  fmt::print("]}}\n");
}

}  // namespace

std::string shown_text(std::string text) {
  text = without_controls(std::move(text));
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() <= max_cell) return text;
  size_t end = max_cell - 1;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

void print_rows(const Invocation& call, BatchReader& rows, int64_t limit, int64_t total) {
  if (limit < 0)
    throw Error(Code::usage, fmt::format("--rows takes a number from 0, not {}", limit));
  call.json ? print_json(rows, limit) : print_table(rows, limit, total);
}

}  // namespace gristmill
