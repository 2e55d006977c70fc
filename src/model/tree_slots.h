// What a forest asks of a row, prepared so that every question becomes `value[slot] ≤ threshold`:
//   slot 0           −∞, which is below every threshold
//   a column's slot  x with what is missing turned to NaN (goes right) or −∞ (goes left); one for
//                    each way in which the forest's nodes treat what is missing in it
//   a set's slot     0 when the row's code is in the set (left), NaN when not
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "model/tree_engine.h"

namespace gristmill {

class TreeSlots {
 public:
  TreeSlots() = default;
  // A checked forest. Sets slot_of[node] for each of its inner nodes. Code::exhausted as
  // make_tree_walk().
  TreeSlots(const Forest& forest, const FeatureLayout& layout, std::vector<uint32_t>& slot_of);
  uint32_t count() const { return count_; }
  // Fills values[0 … count()). Thread-safe.
  void fill(const FeatureRows& rows, int64_t row, float* values) const;

 private:
  struct ColumnSlot {
    int32_t column;
    bool code;  // of the code block, compared as a number
    Missing missing;
  };
  void number_columns(const Forest& forest, const FeatureLayout& layout,
                      std::vector<uint32_t>& slot_of);
  void number_sets(const Forest& forest, const FeatureLayout& layout,
                   std::vector<uint32_t>& slot_of);

  uint32_t count_ = 1;
  std::vector<ColumnSlot> columns_;  // of slots 1, 2, …
  std::vector<LevelSets> sets_;
  std::vector<uint32_t> first_slot_;  // of each of sets_
};

}  // namespace gristmill
