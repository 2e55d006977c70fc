#include "clean/cell_check.h"

#include <fmt/format.h>

#include "clean/cells.h"

namespace gristmill {

void CellCheck::observe(const CheckRows& batch) {
  const Batch& rows = batch.rows;
  const Column& column = rows.columns[rows.schema->index_of(column_, check_owner)];
  std::vector<uint64_t> hits(size_t(words_of_bits(rows.rows)));
  find_bad(column, hits.data());
  bad_.rows += rows.rows;
  bad_.present += rows.rows - column.null_count();
  for_hits(hits.data(), rows.rows, [&](int64_t i) {
    ++bad_.count;
    if (bad_.examples.size() < check_examples_most)
      bad_.examples.push_back(
          fmt::format("{}: {} = {}", batch.place(i), column_, report_text(column, i)));
  });
}

void CellCheck::merge(Check&& later) {
  const BadCells& other = dynamic_cast<CellCheck&>(later).bad_;
  bad_.rows += other.rows;
  bad_.present += other.present;
  bad_.count += other.count;
  for (const std::string& example : other.examples) {
    if (bad_.examples.size() < check_examples_most) bad_.examples.push_back(example);
  }
}

std::unique_ptr<Check> CellCheck::clone_empty() const {
  std::unique_ptr<CellCheck> clone = copy();
  clone->bad_ = {};
  return clone;
}

nlohmann::json CellCheck::measured() const {
  if (!broken(bad_)) return Finding{}.json();
  return Finding{true, message(bad_), bad_.examples}.json();
}

}  // namespace gristmill
