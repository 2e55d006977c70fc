// Which rows train, validate and test: decided by the key, the time or the group of a row, never by
// its position.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/params.h"
#include "frame/batch.h"
#include "tensor/dataset.h"

namespace gristmill {

// `split:` of the project file, checked. Forms of a boundary: a date or time, a share ("15%" or
// 0.15), or a span from the end ("30d", "12h", "8w").
struct SplitSpec {
  enum class By { random, time, group };
  By by = By::random;
  std::string column;     // time or group
  bool stratify = false;  // random only
  std::string validate = "15%", test = "15%";
  std::string gap;  // time: rows within this span before a boundary are left out
  uint64_t seed = 0;
  // Cross-validation: parts of the rows that are tested in turn; 0: one split. By time, each part
  // is tested by what was learned before it (rolling origin), the last one first.
  int folds = 0;
  int repeats = 1;  // random, group: how often the rows are dealt out anew
  // Not of the file: which of the splits() it is, or all_rows.
  int number = 0;
  static constexpr int all_rows = -1;  // they train, and none is left to validate or test

  // " in fold 2 of 5", " with all rows"; "" of a single split.
  std::string title() const;
  int splits() const { return std::max(folds, 1) * repeats; }

  static const std::vector<ParamDoc>& keys();
  // Code::invalid with the nearest key. `null`: random, or by `time_column` when there is one.
  static SplitSpec parse(const nlohmann::json& json, const std::string& time_column);
  nlohmann::json json() const;
};

// What was decided: recorded with the model.
struct Split {
  // time: rows < validate_from (− gap) train; [validate_from, test_from) validate; [test_from,
  // test_end) test. No row of one instant stands on two sides.
  int64_t validate_from = 0, test_from = 0, test_end = INT64_MAX, gap = 0;  // microseconds
  SplitSpec spec;
  // random, group: of each class, the hashes that its second and later parts begin at. The parts
  // are test, validate, train; or the folds.
  std::vector<std::vector<uint64_t>> part_from;
  // The fold of a row, or −1: in a gap, or after the test rows. `value`: the time in µs, else the
  // hash of key or group.
  int fold(int64_t value_or_hash, int class_number) const;
  nlohmann::json json() const;  // instants as ISO 8601 text
};

// Sees all labelled rows once, then decides. Memory: 8 bytes a row for shares of the time, 512 KiB
// a class when stratified, else none.
class SplitFit {
 public:
  explicit SplitFit(SplitSpec spec);
  ~SplitFit();
  // Adds one row: its time in µs, or its row_key (random) or hash of the group.
  void observe(uint64_t value, int class_number);
  // Code::invalid when the boundaries make no sense for these rows. Thresholds of hashes are shares
  // of all hashes: of few rows a fold may get none, which whoever counts the rows must refuse.
  Split decide() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
