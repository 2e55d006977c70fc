// Whether columns together name a row, exactly, in 8 bytes a row.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clean/rule.h"

namespace gristmill {

// The first pass keeps a 64-bit hash a row, which says all but what the keys are (and takes two of
// 10 million different keys for one in 3 of a million runs). If two are equal, a second pass may
// look at the very cells of rows with such hashes.
class UniqueCheck {
 public:
  explicit UniqueCheck(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  const std::vector<std::string>& columns() const { return columns_; }
  void observe(const Batch& rows, int64_t first_row);
  void merge(UniqueCheck&& later);
  UniqueCheck clone_empty() const;  // of the same pass
  bool next_pass();                 // true: a second pass is needed. O(rows · log rows)
  // The broken expectation, if it is broken; after one pass or two.
  std::optional<Verdict> verdict() const;

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

}  // namespace gristmill
