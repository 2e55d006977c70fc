// Check `unique`: columns that together name a row, exactly, in 8 bytes a row.
#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/check.h"
#include "clean/value.h"
#include "frame/cell.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr size_t repeated_most = 4096;  // keys whose cells are looked at; the first by hash
constexpr size_t rows_most = 3;         // positions remembered of each

// The first pass keeps a 64-bit hash a row, which says all but what the keys are (and takes two of
// 10 million different keys for one in 3 of a million runs). If two are equal, a second pass may
// look at the very cells of rows with such hashes.
class UniqueCheck : public Check {
 public:
  explicit UniqueCheck(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  std::vector<std::string> reads() const override { return columns_; }
  void observe(const FitBatch& batch) override;
  std::unique_ptr<Check> clone_empty() const override;
  void merge(Check&& later) override;
  bool next_pass() override;                        // O(rows · log rows)
  std::optional<Verdict> verdict() const override;  // after one pass or two

 private:
  struct Group {
    std::string text;           // the key as people read it
    std::vector<int64_t> rows;  // the first few
    int64_t count = 0;
  };

  // Rows of consecutive positions, and where their hashes begin.
  struct Run {
    size_t begin;
    int64_t first_row;
  };

  int64_t row_at(size_t i) const;
  std::optional<Verdict> verdict_by_hash() const;
  Verdict broken(int64_t surplus, std::vector<std::string> examples) const;

  std::vector<std::string> columns_;
  std::vector<uint64_t> hashes_;  // of the first pass, in order; 0: a null in the key
  std::vector<Run> runs_;
  // Hashes that occur twice or more, sorted; set between the passes, shared by clones.
  std::shared_ptr<const std::vector<uint64_t>> repeated_;
  int64_t surplus_ = 0;                  // rows beyond the first of each hash
  std::map<std::string, Group> groups_;  // canonical bytes of a key with a repeated hash
};

void UniqueCheck::observe(const FitBatch& batch) {
  const Batch& rows = batch.rows;
  const int64_t first_row = batch.first_row;
  std::vector<const Column*> cells;
  for (const std::string& name : columns_)
    cells.push_back(&rows.columns[rows.schema->index_of(name, check_owner)]);
  if (repeated_ == nullptr) runs_.push_back({hashes_.size(), first_row});
  std::string key;
  for (int64_t i = 0; i < rows.rows; ++i) {
    uint64_t hash = columns_.size();
    bool null = false;
    for (const Column* cell : cells) {
      null = null || cell->is_null(i);
      hash = combine64(hash, hash_cell(*cell, i));
    }
    if (repeated_ == nullptr) {
      hashes_.push_back(null ? 0 : std::max<uint64_t>(hash, 1));
      continue;
    }
    if (null ||
        !std::binary_search(repeated_->begin(), repeated_->end(), std::max<uint64_t>(hash, 1)))
      continue;
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

void UniqueCheck::merge(Check&& other) {
  auto& later = dynamic_cast<UniqueCheck&>(other);
  for (const Run& run : later.runs_) runs_.push_back({run.begin + hashes_.size(), run.first_row});
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

std::unique_ptr<Check> UniqueCheck::clone_empty() const {
  auto clone = std::make_unique<UniqueCheck>(columns_);
  clone->repeated_ = repeated_;
  return clone;
}

bool UniqueCheck::next_pass() {
  if (repeated_ != nullptr) return false;
  std::sort(hashes_.begin(), hashes_.end());
  std::vector<uint64_t> repeated;
  for (size_t i = 1; i < hashes_.size(); ++i) {
    if (hashes_[i] == 0 || hashes_[i] != hashes_[i - 1]) continue;
    ++surplus_;
    bool known = !repeated.empty() && repeated.back() == hashes_[i];
    if (!known && repeated.size() < repeated_most) repeated.push_back(hashes_[i]);
  }
  hashes_ = {};
  runs_ = {};
  repeated_ = std::make_shared<const std::vector<uint64_t>>(std::move(repeated));
  return !repeated_->empty();
}

Verdict UniqueCheck::broken(int64_t surplus, std::vector<std::string> examples) const {
  return {fmt::format("{} should be unique, but {} the key of an earlier one",
                      fmt::join(columns_, ", "),
                      surplus == 1 ? "1 row has" : fmt::format("{} rows have", surplus)),
          std::move(examples)};
}

int64_t UniqueCheck::row_at(size_t i) const {
  auto run = std::upper_bound(runs_.begin(), runs_.end(), i,
                              [](size_t at, const Run& r) { return at < r.begin; });
  --run;
  return run->first_row + int64_t(i - run->begin);
}

std::optional<Verdict> UniqueCheck::verdict_by_hash() const {
  std::vector<uint32_t> order;
  if (hashes_.size() > std::numeric_limits<uint32_t>::max())
    throw Error(Code::exhausted, "rule expect: too many rows to compare");
  for (size_t i = 0; i < hashes_.size(); ++i) {
    if (hashes_[i] != 0) order.push_back(uint32_t(i));
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return hashes_[a] != hashes_[b] ? hashes_[a] < hashes_[b] : a < b;
  });
  std::vector<std::pair<uint32_t, uint32_t>> pairs;  // a row and the next one of its hash
  int64_t surplus = 0;
  for (size_t i = 1; i < order.size(); ++i) {
    if (hashes_[order[i]] != hashes_[order[i - 1]]) continue;
    ++surplus;
    // The first pairs by position are the examples.
    pairs.emplace_back(order[i - 1], order[i]);
    if (pairs.size() < 4 * repeated_most) continue;
    std::sort(pairs.begin(), pairs.end());
    pairs.resize(check_examples_most);
  }
  if (surplus == 0) return std::nullopt;
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> examples;
  for (size_t i = 0; i < std::min(pairs.size(), check_examples_most); ++i)
    examples.push_back(
        fmt::format("rows {} and {}", row_at(pairs[i].first), row_at(pairs[i].second)));
  return broken(surplus, std::move(examples));
}

std::optional<Verdict> UniqueCheck::verdict() const {
  if (repeated_ == nullptr) return verdict_by_hash();
  std::vector<const Group*> groups;
  int64_t surplus = 0;
  for (const auto& [key, group] : groups_) {
    if (group.count < 2) continue;
    groups.push_back(&group);
    surplus += group.count - 1;
  }
  if (groups.empty()) return std::nullopt;
  // With all repeated hashes looked at the count is exact; otherwise it is that of the hashes.
  if (repeated_->size() == repeated_most) surplus = surplus_;
  std::sort(groups.begin(), groups.end(),
            [](const Group* a, const Group* b) { return a->rows[0] < b->rows[0]; });
  std::vector<std::string> examples;
  for (size_t i = 0; i < std::min(groups.size(), check_examples_most); ++i)
    examples.push_back(fmt::format("rows {}{}: {}", fmt::join(groups[i]->rows, ", "),
                                   groups[i]->count > int64_t(rows_most) ? ", …" : "",
                                   groups[i]->text));
  return broken(surplus, std::move(examples));
}

std::vector<std::vector<std::string>> parse_unique(const nlohmann::json& given) {
  auto names_of = [](const nlohmann::json& list) {
    std::vector<std::string> names;
    for (const auto& name : list) {
      if (!name.is_string())
        throw Error(Code::invalid,
                    "rule expect: `unique` must hold names of columns, not " + shown(name));
      names.push_back(name.get<std::string>());
    }
    return names;
  };
  if (given.is_string()) return {{given.get<std::string>()}};
  if (!given.is_array() || given.empty())
    throw Error(Code::invalid, "rule expect: `unique` must be a list of columns, or of lists");
  if (!given[0].is_array()) return {names_of(given)};
  std::vector<std::vector<std::string>> keys;
  for (const auto& list : given) {
    if (!list.is_array() || list.empty())
      throw Error(Code::invalid,
                  "rule expect: `unique` must hold lists of columns, not " + shown(list));
    keys.push_back(names_of(list));
  }
  return keys;
}

CheckList make(const nlohmann::json& given, const Schema& schema) {
  CheckList checks;
  for (auto& columns : parse_unique(given)) {
    for (const std::string& name : columns) schema.index_of(name, check_owner);
    checks.push_back(std::make_unique<UniqueCheck>(std::move(columns)));
  }
  return checks;
}

const RegisterCheck register_unique({
    .name = "unique",
    .type = "any",
    .text =
        "Columns that together are a key, or a list of such lists; rows with a null in them are "
        "left aside, as in SQL.",
    .example = "unique: [carrier, flight, time_hour]",
    .make = make,
});

}  // namespace
}  // namespace gristmill
