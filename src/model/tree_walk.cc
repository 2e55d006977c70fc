// The walking engine: see tree_engine.h. Every question a node asks becomes `value[slot] ≤
// threshold`:
//   slot 0           −∞, which every leaf asks so as to stay where it is
//   a column's slot  x with what is missing turned to NaN (goes right) or −∞ (goes left); one for
//                    each way in which the forest's nodes treat what is missing in it
//   a set's slot     0 when the row's code is in the set (left), NaN when not
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "model/tree_engine.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 16;  // rows that share the nodes in cache
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

class TreeWalk : public TreeEngine {
 public:
  void sum(const FeatureRows& rows, double* out) const override {
    for (int64_t first = 0; first < rows.rows; first += block_rows) {
      sum_block(rows, first, std::min(block_rows, rows.rows - first), out + first * outputs_);
    }
  }

 private:
  friend class WalkBuilder;
  struct ColumnSlot {
    int32_t column;
    bool code;
    Missing missing;
  };
  struct Node {  // children lie side by side; a leaf is its own left child
    float threshold;
    uint32_t slot;
    uint32_t left;
    uint32_t leaf;
  };

  void fill_row(const FeatureRows& rows, int64_t row, float* values) const;
  void sum_block(const FeatureRows& rows, int64_t first, int64_t count, double* out) const;

  int64_t outputs_ = 1, trees_ = 0;
  uint32_t slots_ = 1;
  std::vector<ColumnSlot> columns_;  // of slots 1, 2, …
  std::vector<LevelSets> sets_;
  std::vector<uint32_t> first_slot_;  // of each of sets_
  std::vector<Node> nodes_;
  std::vector<uint32_t> roots_;  // of the trees, padded to a multiple of eight by a leaf of value 0
  std::vector<int32_t> depth_;   // of each eight trees: the deepest
  std::vector<double> leaf_value_;
};

template <class T>
T* thread_memory(size_t count) {
  thread_local std::vector<T> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

float fill_missing(float x, Missing missing) {
  if (missing >= Missing::zero_right && std::abs(x) <= zero_threshold) x = not_a_number;
  bool left = missing == Missing::nan_left || missing == Missing::zero_left;
  return left && std::isnan(x) ? minus_infinity : x;
}

void TreeWalk::fill_row(const FeatureRows& rows, int64_t row, float* values) const {
  const float* floats = rows.floats + row * rows.float_stride;
  const int32_t* codes = rows.codes + row * rows.code_stride;
  values[0] = minus_infinity;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSlot& slot = columns_[i];
    float x = slot.code ? float(codes[slot.column]) : floats[slot.column];
    values[i + 1] = fill_missing(x, slot.missing);
  }
  // A bit becomes a lane of ones, which is a NaN.
  const __m256i first = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  for (size_t s = 0; s < sets_.size(); ++s) {
    const LevelSets& sets = sets_[s];
    const uint32_t* bits = sets.bits.data() + size_t(sets.row(codes[sets.column])) * sets.words;
    float* to = values + first_slot_[s];
    for (uint32_t w = 0; w < sets.words; ++w, to += 32) {
      __m256i word = _mm256_set1_epi32(int32_t(bits[w]));
      for (int byte = 0; byte < 4; ++byte) {
        __m256i select = _mm256_slli_epi32(first, 8 * byte);
        __m256i lanes = _mm256_cmpeq_epi32(_mm256_and_si256(word, select), select);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8 * byte), lanes);
      }
    }
  }
}

void TreeWalk::sum_block(const FeatureRows& rows, int64_t first, int64_t count, double* out) const {
  const size_t stride = slots_, lanes = roots_.size();
  float* values = thread_memory<float>(stride * count);
  double* leaves = thread_memory<double>(lanes * count);
  for (int64_t r = 0; r < count; ++r) fill_row(rows, first + r, values + r * stride);

  const Node* nodes = nodes_.data();
  for (size_t group = 0; group < lanes / 8; ++group) {
    const uint32_t* root = roots_.data() + group * 8;
    for (int64_t r = 0; r < count; ++r) {
      const float* row = values + r * stride;
      uint32_t at[8];
      std::copy(root, root + 8, at);
      for (int32_t step = depth_[group]; step > 0; --step) {
#pragma GCC unroll 8
        for (int lane = 0; lane < 8; ++lane) {
          const Node& node = nodes[at[lane]];
          at[lane] = node.left + !(row[node.slot] <= node.threshold);
        }
      }
      for (int lane = 0; lane < 8; ++lane) {
        leaves[r * lanes + group * 8 + lane] = leaf_value_[nodes[at[lane]].leaf];
      }
    }
  }
  std::fill(out, out + count * outputs_, 0.0);
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t t = 0, k = 0; t < trees_; ++t) {
      out[r * outputs_ + k] += leaves[r * lanes + t];
      if (++k == outputs_) k = 0;
    }
  }
}

class WalkBuilder {
 public:
  WalkBuilder(const Forest& forest, const FeatureLayout& layout)
      : forest_(forest), layout_(layout), slot_of_(forest.feature.size()) {}

  std::unique_ptr<TreeEngine> build() {
    walk_.outputs_ = forest_.outputs;
    walk_.trees_ = forest_.trees();
    walk_.leaf_value_ = forest_.leaf_value;
    number_columns();
    number_sets();
    int64_t first_node = 0, first_leaf = 0;
    for (int64_t t = 0; t < forest_.trees(); ++t) {
      add_tree(t, first_node, first_leaf);
      first_node += forest_.leaves[t] - 1;
      first_leaf += forest_.leaves[t];
    }
    pad();
    return std::make_unique<TreeWalk>(std::move(walk_));
  }

 private:
  void number_columns() {
    std::map<std::tuple<int32_t, Missing>, uint32_t> known;
    for (size_t i = 0; i < slot_of_.size(); ++i) {
      if (forest_.decision[i] & Decision::categorical) continue;
      int32_t feature = forest_.feature[i];
      bool code = feature >= layout_.floats;
      Missing missing = missing_of(forest_, i);
      auto [it, is_new] = known.emplace(std::tuple(feature, missing), walk_.slots_);
      if (is_new) {
        int32_t column = code ? feature - int32_t(layout_.floats) : feature;
        walk_.columns_.push_back({column, code, missing});
        ++walk_.slots_;
      }
      slot_of_[i] = it->second;
    }
  }

  void number_sets() {
    std::vector<uint32_t> set_of;
    walk_.sets_ = collect_level_sets(forest_, layout_, set_of);
    std::map<int32_t, uint32_t> first_slot;
    for (const LevelSets& sets : walk_.sets_) {
      walk_.first_slot_.push_back(walk_.slots_);
      first_slot[sets.column + int32_t(layout_.floats)] = walk_.slots_;
      walk_.slots_ += sets.words * 32;
    }
    for (size_t i = 0; i < slot_of_.size(); ++i) {
      if (forest_.decision[i] & Decision::categorical) {
        slot_of_[i] = first_slot[forest_.feature[i]] + set_of[i];
      }
    }
  }

  static TreeWalk::Node leaf_node(uint32_t at, int64_t leaf) {
    return {minus_infinity, 0, at, uint32_t(leaf)};
  }

  // Breadth first, so that the upper levels share cache lines.
  void add_tree(int64_t tree, int64_t first_node, int64_t first_leaf) {
    std::vector<TreeWalk::Node>& nodes = walk_.nodes_;
    struct Open {
      int32_t child;
      uint32_t at;
      int32_t depth;
    };
    uint32_t root = uint32_t(nodes.size());
    nodes.emplace_back();
    std::vector<Open> open = {{forest_.leaves[tree] > 1 ? 0 : -1, root, 0}};
    for (size_t i = 0; i < open.size(); ++i) {
      auto [child, at, level] = open[i];
      if (child < 0) {
        nodes[at] = leaf_node(at, first_leaf - 1 - child);
        continue;
      }
      int64_t node = first_node + child;
      uint32_t left = uint32_t(nodes.size());
      nodes.resize(nodes.size() + 2);
      nodes[at] = {forest_.threshold[node], slot_of_[node], left, 0};
      open.push_back({forest_.left[node], left, level + 1});
      open.push_back({forest_.right[node], left + 1, level + 1});
    }
    if (tree % 8 == 0) walk_.depth_.push_back(0);
    walk_.depth_.back() = std::max(walk_.depth_.back(), open.back().depth);
    walk_.roots_.push_back(root);
  }

  void pad() {
    uint32_t at = uint32_t(walk_.nodes_.size());
    walk_.nodes_.push_back(leaf_node(at, int64_t(walk_.leaf_value_.size())));
    walk_.leaf_value_.push_back(0);
    while (walk_.roots_.size() % 8 != 0) walk_.roots_.push_back(at);
  }

  const Forest& forest_;
  const FeatureLayout& layout_;
  TreeWalk walk_;
  std::vector<uint32_t> slot_of_;  // of each inner node
};

}  // namespace

std::unique_ptr<TreeEngine> make_tree_walk(const Forest& forest, const FeatureLayout& layout) {
  return WalkBuilder(forest, layout).build();
}

}  // namespace gristmill
