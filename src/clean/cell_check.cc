#include "clean/cell_check.h"

#include <fmt/format.h>

#include "clean/cells.h"

namespace gristmill {

void CellCheck::observe(const FitBatch& batch) {
  const Column& column = batch.rows.columns[batch.rows.schema->index_of(column_, check_owner)];
  std::vector<uint64_t> hits(size_t(words_of_bits(batch.rows.rows)));
  find_bad(column, hits.data());
  bad_.rows += batch.rows.rows;
  for_hits(hits.data(), batch.rows.rows, [&](int64_t i) {
    ++bad_.count;
    if (bad_.examples.size() < check_examples_most)
      bad_.examples.push_back(
          fmt::format("row {}: {} = {}", batch.first_row + i, column_, report_text(column, i)));
  });
}

void CellCheck::merge(Check&& later) {
  const BadCells& other = dynamic_cast<CellCheck&>(later).bad_;
  bad_.rows += other.rows;
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

std::optional<Verdict> CellCheck::verdict() const {
  if (!broken(bad_)) return std::nullopt;
  return Verdict{message(bad_), bad_.examples};
}

}  // namespace gristmill
