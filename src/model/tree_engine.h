// Runs a forest fast. Every question a node asks of a row becomes `value[slot] ≤ threshold`:
//
//   slot 0             −∞, which every leaf asks so as to stay where it is
//   a column's slots   x with missing values turned to NaN (goes right) or −∞ (goes left); one slot
//                      for each way in which the forest's nodes treat its missing values
//   pattern slots      one for each set of categories that the forest splits on: 0 when the row's
//                      code is in the set (left), NaN when not
//
// A few rows walk down eight trees at a time, without branches. Many rows take all nodes of a tree
// of at most 32 leaves at once, eight rows to a vector: each node that says "right" clears the
// leaves left of it, the lowest left is the answer (QuickScorer: Lucchese et al., SIGIR 2015).
// Both ways add the same leaves in the same order.
#pragma once

#include <cstdint>
#include <vector>

#include "model/forest.h"

namespace gristmill {

class TreeEngine {
 public:
  // `forest` is checked. Code::exhausted when its sets of categories would need over 256 MiB.
  TreeEngine(const Forest& forest, const FeatureLayout& layout);

  // out[i * outputs + k]: sum of the leaves of the trees of output k, in tree order. Thread-safe.
  void sum(const FeatureRows& rows, double* out) const;

 private:
  enum class Missing : uint8_t { nan_right, nan_left, zero_right, zero_left };
  struct ColumnSlot {
    int32_t column;  // of the float block, or of the code block
    bool code;
    Missing missing;
  };
  // The patterns of one code column: bit j of row r of `bits`: pattern j sends that level right.
  struct Patterns {
    int32_t column = 0;
    uint32_t first_slot = 0;
    uint32_t words = 0;            // of a row of bits
    std::vector<uint32_t> row_of;  // of each level below its size; other levels: row 0
    std::vector<uint32_t> bits;    // row 0: in no set
  };
  struct Node {  // children lie side by side; a leaf is its own left child
    float threshold;
    uint32_t slot;
    uint32_t left;
    uint32_t leaf;
  };
  struct MaskNode {
    float threshold;
    uint32_t slot;
    uint32_t keep;  // the leaves that remain when the answer is "right"
  };
  class Builder;

  static float fill_missing(float x, Missing missing);
  float column_value(const ColumnSlot& slot, const FeatureRows& rows, int64_t row) const;
  const uint32_t* pattern_bits(const Patterns& patterns, const FeatureRows& rows,
                               int64_t row) const;
  void fill_row(const FeatureRows& rows, int64_t row, float* values) const;
  void fill_block(const FeatureRows& rows, int64_t first, float* values) const;
  void walk_rows(const FeatureRows& rows, int64_t first, int64_t count, double* out) const;
  void mask_block(const FeatureRows& rows, int64_t first, double* out) const;

  int64_t outputs_ = 1;
  uint32_t slots_ = 1;
  std::vector<ColumnSlot> columns_;  // of slots 1, 2, …
  std::vector<Patterns> patterns_;
  std::vector<double> leaf_value_;

  std::vector<Node> nodes_;
  std::vector<uint32_t> roots_;  // trees, padded to a multiple of eight by a leaf of value 0
  std::vector<int32_t> depth_;   // of each eight trees: the deepest
  int64_t trees_ = 0;

  bool narrow_ = false;  // all trees have at most 32 leaves
  std::vector<MaskNode> mask_nodes_;
  std::vector<uint32_t> mask_begin_;  // [trees + 1]
  std::vector<uint32_t> mask_leaf_;   // [trees]: where its leaves, from left to right, begin in
  std::vector<double> mask_leaf_value_;
};

}  // namespace gristmill
