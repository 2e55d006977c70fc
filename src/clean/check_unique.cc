// Check `unique`: columns that together name a row, exactly, in 8 bytes a row.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "clean/cells.h"
#include "clean/check.h"
#include "clean/value.h"
#include "frame/cell.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr size_t repeated_most = 4096;  // keys whose cells are looked at; the first by hash
constexpr size_t rows_most = 3;         // positions remembered of each

// The first pass keeps a 64-bit hash a row. If two are equal, a second pass looks at the very cells
// of rows with such hashes.
class UniqueCheck : public Check {
 public:
  explicit UniqueCheck(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  std::string name() const override { return fmt::format("unique {}", fmt::join(columns_, ", ")); }
  std::vector<std::string> reads() const override { return columns_; }
  void observe(const CheckRows& batch) override;
  std::unique_ptr<Check> clone_empty() const override;
  void merge(Check&& other) override;
  bool next_pass() override;  // O(rows · log rows)
  nlohmann::json measured() const override;

 private:
  struct Group {
    std::string text;           // the key as people read it
    std::vector<int64_t> rows;  // the first few, from 1
    int64_t count = 0;
  };

  void look_at(const std::vector<const Column*>& cells, const CheckRows& batch, int64_t i);

  std::vector<std::string> columns_;
  std::vector<uint64_t> hashes_;  // of the first pass; rows with a null in the key are left out
  // Hashes that occur twice or more, sorted; set between the passes, shared by clones.
  std::shared_ptr<const std::vector<uint64_t>> repeated_;
  int64_t surplus_ = 0;                  // rows beyond the first of each hash
  std::map<std::string, Group> groups_;  // canonical bytes of a key with a repeated hash
};

void UniqueCheck::observe(const CheckRows& batch) {
  std::vector<const Column*> cells;
  for (const std::string& name : columns_)
    cells.push_back(&batch.rows.columns[batch.rows.schema->index_of(name, check_owner)]);
  for (int64_t i = 0; i < batch.rows.rows; ++i) {
    uint64_t hash = columns_.size();
    bool null = false;
    for (const Column* cell : cells) {
      null = null || cell->is_null(i);
      hash = combine64(hash, hash_cell(*cell, i));
    }
    if (null) continue;
    if (repeated_ == nullptr) {
      hashes_.push_back(hash);
    } else if (std::binary_search(repeated_->begin(), repeated_->end(), hash)) {
      look_at(cells, batch, i);
    }
  }
}

void UniqueCheck::look_at(const std::vector<const Column*>& cells, const CheckRows& batch,
                          int64_t i) {
  std::string key;
  for (const Column* cell : cells) append_canonical(*cell, i, key);
  Group& group = groups_[key];
  if (group.count++ == 0) {
    for (const Column* cell : cells)
      group.text += (group.text.empty() ? "" : ", ") + report_text(*cell, i);
  }
  if (group.rows.size() < rows_most) group.rows.push_back(batch.positions[i] + 1);
}

void UniqueCheck::merge(Check&& other) {
  auto& later = dynamic_cast<UniqueCheck&>(other);
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
    if (hashes_[i] != hashes_[i - 1]) continue;
    ++surplus_;
    bool known = !repeated.empty() && repeated.back() == hashes_[i];
    if (!known && repeated.size() < repeated_most) repeated.push_back(hashes_[i]);
  }
  hashes_ = {};
  repeated_ = std::make_shared<const std::vector<uint64_t>>(std::move(repeated));
  return !repeated_->empty();
}

nlohmann::json UniqueCheck::measured() const {
  std::vector<const Group*> groups;
  int64_t surplus = 0;
  for (const auto& [key, group] : groups_) {
    if (group.count < 2) continue;
    groups.push_back(&group);
    surplus += group.count - 1;
  }
  Finding finding;
  if (groups.empty()) return finding.json();
  // With all repeated hashes looked at the count is exact; otherwise it is that of the hashes.
  if (repeated_->size() == repeated_most) surplus = surplus_;
  std::sort(groups.begin(), groups.end(),
            [](const Group* a, const Group* b) { return a->rows[0] < b->rows[0]; });
  for (size_t i = 0; i < std::min(groups.size(), check_examples_most); ++i)
    finding.examples.push_back(fmt::format("rows {}{}: {}", fmt::join(groups[i]->rows, ", "),
                                           groups[i]->count > int64_t(rows_most) ? ", …" : "",
                                           groups[i]->text));
  finding.broken = true;
  finding.message = fmt::format("{} should be unique, but {} {} the key of an earlier one",
                                fmt::join(columns_, ", "), counted(surplus, "row"),
                                surplus == 1 ? "has" : "have");
  return finding.json();
}

std::vector<std::string> names_of(const nlohmann::json& list) {
  std::vector<std::string> names;
  for (const auto& name : list) {
    if (!name.is_string())
      throw check_error("`unique` must hold names of columns, not " + shown(name), "");
    names.push_back(name.get<std::string>());
  }
  return names;
}

std::vector<std::vector<std::string>> parse_keys(const nlohmann::json& given) {
  if (given.is_string()) return {{given.get<std::string>()}};
  if (!given.is_array() || given.empty())
    throw check_error("`unique` must be a list of columns, or of lists", "");
  if (!given[0].is_array()) return {names_of(given)};
  std::vector<std::vector<std::string>> keys;
  for (const auto& list : given) {
    if (!list.is_array() || list.empty())
      throw check_error("`unique` must hold lists of columns, not " + shown(list), "");
    keys.push_back(names_of(list));
  }
  return keys;
}

const RegisterCheck register_unique({
    .name = "unique",
    .type = "any",
    .text = "Columns that together name a row, or a list of such lists; rows with a null in them "
            "are left aside, as in SQL.",
    .example = "unique: [carrier, flight, time_hour]",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          CheckList checks;
          for (auto& columns : parse_keys(given)) {
            for (const std::string& name : columns) context.schema.index_of(name, check_owner);
            checks.push_back(std::make_unique<UniqueCheck>(std::move(columns)));
          }
          return checks;
        },
});

}  // namespace
}  // namespace gristmill
