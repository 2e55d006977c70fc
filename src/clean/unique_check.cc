#include "clean/unique_check.h"

#include <algorithm>

#include "base/error.h"
#include "clean/cells.h"
#include "frame/cell.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr size_t repeated_most = 4096;  // keys whose cells are looked at; the first by hash
constexpr size_t rows_most = 3;         // positions remembered of each
constexpr size_t examples_most = 3;

}  // namespace

void UniqueCheck::observe(const Batch& rows, int64_t first_row) {
  std::vector<const Column*> cells;
  for (const std::string& name : columns_)
    cells.push_back(&rows.columns[rows.schema->index_of(name, "rule expect")]);
  std::string key;
  for (int64_t i = 0; i < rows.rows; ++i) {
    uint64_t hash = columns_.size();
    bool null = false;
    for (const Column* cell : cells) {
      null = null || cell->is_null(i);
      hash = combine64(hash, hash_cell(*cell, i));
    }
    if (null) continue;
    if (repeated_ == nullptr) {
      hashes_.push_back(hash);
      continue;
    }
    if (!std::binary_search(repeated_->begin(), repeated_->end(), hash)) continue;
    key.clear();
    for (const Column* cell : cells) append_canonical(*cell, i, key);
    Group& group = groups_[key];
    if (group.count++ == 0) {
      for (const Column* cell : cells)
        group.text += (group.text.empty() ? "" : ", ") + report_text(*cell, i);
    }
    if (group.rows.size() < rows_most) group.rows.push_back(first_row + i);
  }
}

void UniqueCheck::merge(UniqueCheck&& later) {
  hashes_.insert(hashes_.end(), later.hashes_.begin(), later.hashes_.end());
  for (auto& [key, group] : later.groups_) {
    Group& mine = groups_[key];
    if (mine.count == 0) mine.text = std::move(group.text);
    mine.count += group.count;
    for (int64_t row : group.rows) {
      if (mine.rows.size() < rows_most) mine.rows.push_back(row);
    }
  }
}

void UniqueCheck::forget_rows() {
  hashes_.clear();
  groups_.clear();
}

bool UniqueCheck::next_pass() {
  std::sort(hashes_.begin(), hashes_.end());
  std::vector<uint64_t> repeated;
  for (size_t i = 1; i < hashes_.size(); ++i) {
    if (hashes_[i] != hashes_[i - 1]) continue;
    ++surplus_;
    bool known = !repeated.empty() && repeated.back() == hashes_[i];
    if (!known && repeated.size() < repeated_most) repeated.push_back(hashes_[i]);
  }
  hashes_ = {};
  repeated_ = std::make_shared<const std::vector<uint64_t>>(std::move(repeated));
  return !repeated_->empty();
}

std::optional<Verdict> UniqueCheck::verdict() const {
  if (repeated_ == nullptr || repeated_->empty()) return std::nullopt;
  std::vector<const Group*> broken;
  int64_t surplus = 0;
  for (const auto& [key, group] : groups_) {
    if (group.count < 2) continue;
    broken.push_back(&group);
    surplus += group.count - 1;
  }
  // With all repeated hashes looked at the count is exact; otherwise it is that of the hashes.
  if (repeated_->size() == repeated_most) surplus = surplus_;
  if (broken.empty()) return std::nullopt;
  std::sort(broken.begin(), broken.end(),
            [](const Group* a, const Group* b) { return a->rows[0] < b->rows[0]; });
  Verdict verdict;
  verdict.message = fmt::format("{} should be unique, but {} the key of an earlier one",
                                fmt::join(columns_, ", "),
                                surplus == 1 ? "1 row has" : fmt::format("{} rows have", surplus));
  for (size_t i = 0; i < std::min(broken.size(), examples_most); ++i)
    verdict.examples.push_back(fmt::format("rows {}{}: {}", fmt::join(broken[i]->rows, ", "),
                                           broken[i]->count > int64_t(rows_most) ? ", …" : "",
                                           broken[i]->text));
  return verdict;
}

}  // namespace gristmill
