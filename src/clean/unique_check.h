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

// The first pass keeps a 64-bit hash a row. If two are equal, a second pass looks at the very cells
// of rows with such hashes, so that two keys of one hash are never taken for one.
class UniqueCheck {
 public:
  explicit UniqueCheck(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  const std::vector<std::string>& columns() const { return columns_; }
  void observe(const Batch& rows, int64_t first_row);
  void merge(UniqueCheck&& later);
  void forget_rows();  // what was observed in this pass
  bool next_pass();    // true: a second pass is needed. O(rows · log rows)
  // The broken expectation, if it is broken.
  std::optional<Verdict> verdict() const;

 private:
  struct Group {
    std::string text;           // the key as people read it
    std::vector<int64_t> rows;  // the first few
    int64_t count = 0;
  };

  std::vector<std::string> columns_;
  std::vector<uint64_t> hashes_;  // of the first pass
  // Hashes that occur twice or more, sorted; set between the passes, shared by clones.
  std::shared_ptr<const std::vector<uint64_t>> repeated_;
  int64_t surplus_ = 0;                  // rows beyond the first of each hash
  std::map<std::string, Group> groups_;  // canonical bytes of a key with a repeated hash
};

}  // namespace gristmill
