// Runs a forest fast. Two engines give the same bits: each adds the same leaves in the same order.
//
// The table (QuickScorer's idea, Lucchese et al., SIGIR 2015, carried to the end): a tree's leaves
// are bits, from left to right; a node that says "right" clears the leaves left of it; the lowest
// bit that remains is the answer. A column's value falls between two of the thresholds it is
// compared with; for each such interval, and for each group of levels of a category, the masks of
// all trees are combined beforehand. A row is then one AND of as many table rows as it has columns.
//
// The walk goes down eight trees at a time, without branches. It is for forests whose table would
// be too large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/forest.h"

namespace gristmill {

class TreeEngine {
 public:
  virtual ~TreeEngine() = default;
  // out[i * outputs + k]: sum of the leaves of the trees of output k, in tree order; rounded to
  // float32 after each where the forest says so. Thread-safe.
  virtual void sum(const FeatureRows& rows, double* out) const = 0;
};

inline constexpr size_t tree_table_bytes_max = size_t(32) << 20;

// All three take a forest that is checked, and throw Code::exhausted when the sets that it splits
// one code column on need over 256 MiB.
//
// Nullptr when the table would take more than `bytes_max`, or zeros of a number count as missing.
std::unique_ptr<TreeEngine> make_tree_table(const Forest& forest, const FeatureLayout& layout,
                                            size_t bytes_max = tree_table_bytes_max);
std::unique_ptr<TreeEngine> make_tree_walk(const Forest& forest, const FeatureLayout& layout);
// The table where there is one, else the walk.
std::unique_ptr<TreeEngine> make_tree_engine(const Forest& forest, const FeatureLayout& layout);

// What a node does with a missing value.
enum class Missing : uint8_t { nan_right, nan_left, zero_right, zero_left };
Missing missing_of(const Forest& forest, int64_t node);

// The sets that a forest splits one code column on, level by level.
struct LevelSets {
  int32_t column = 0;            // of the code block
  uint32_t sets = 0;             // distinct ones
  uint32_t words = 0;            // of a row of bits
  std::vector<uint32_t> row_of;  // of each level; levels beyond its end have row 0
  std::vector<uint32_t> bits;  // [rows][words]: bit s of a row is set when set s does not hold the
                               // level, so that it goes right; row 0: in no set

  uint32_t rows() const { return words == 0 ? 0 : uint32_t(bits.size() / words); }
  uint32_t row(int32_t code) const {
    return uint32_t(code) < row_of.size() ? row_of[uint32_t(code)] : 0;
  }
  bool goes_right(uint32_t row, uint32_t set) const {
    return bits[size_t(row) * words + set / 32] >> (set % 32) & 1;
  }
};

// One for each code column with a categorical split. set_of[node]: the node's set among those of
// its column (categorical nodes only).
std::vector<LevelSets> collect_level_sets(const Forest& forest, const FeatureLayout& layout,
                                          std::vector<uint32_t>& set_of);

}  // namespace gristmill
