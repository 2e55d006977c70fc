#include "cli/rows_text.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr size_t max_cell = 40;  // characters shown

std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() <= max_cell) return text;
  size_t end = max_cell - 1;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

template <class Visit>
int64_t first_rows(BatchReader& rows, int64_t limit, Visit&& visit) {
  int64_t seen = 0;
  Batch batch;
  while (seen < limit && rows.next(batch)) {
    for (int64_t i = 0; i < batch.rows && seen < limit; ++i, ++seen) visit(batch, i);
  }
  return seen;
}

}  // namespace

std::string rows_table(BatchReader& rows, int64_t limit, int64_t total) {
  std::vector<std::vector<std::string>> cells;
  first_rows(rows, limit, [&](const Batch& batch, int64_t i) {
    std::vector<std::string>& row = cells.emplace_back();
    for (const Column& column : batch.columns) row.push_back(shown(cell_text(column, i)));
  });
  const int64_t seen = int64_t(cells.size());
  std::string out = text_table(rows.schema().names(), cells);
  if (total >= 0) {
    out += seen < total ? fmt::format("{} of {} rows\n", grouped(seen), grouped(total))
                        : fmt::format("{} rows\n", grouped(total));
  }
  return out;
}

nlohmann::json rows_json(BatchReader& rows, int64_t limit) {
  nlohmann::json list = nlohmann::json::array();
  first_rows(rows, limit, [&](const Batch& batch, int64_t i) {
    nlohmann::json row = nlohmann::json::array();
    for (const Column& column : batch.columns) row.push_back(cell_json(column, i));
    list.push_back(std::move(row));
  });
  return {{"columns", rows.schema().json()}, {"rows", std::move(list)}};
}

}  // namespace gristmill
