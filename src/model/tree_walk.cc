// The walking engine: see tree_engine.h. Its questions are those of tree_slots.h; a leaf asks slot
// 0, and so stays where it is.
#include <algorithm>
#include <limits>

#include "model/tree_slots.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 16;  // rows that share the nodes in cache
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

class TreeWalk : public TreeEngine {
 public:
  void sum(const FeatureRows& rows, double* out) const override {
    for (int64_t first = 0; first < rows.rows; first += block_rows) {
      sum_block(rows, first, std::min(block_rows, rows.rows - first), out + first * outputs_);
    }
  }

 private:
  friend class WalkBuilder;
  struct Node {  // children lie side by side; a leaf is its own left child
    float threshold;
    uint32_t slot;
    uint32_t left;
    uint32_t leaf;
  };

  void sum_block(const FeatureRows& rows, int64_t first, int64_t count, double* out) const;
  template <class Sum>
  void add_up(const double* leaves, int64_t count, double* out) const;

  int64_t outputs_ = 1, trees_ = 0;
  bool float_sums_ = false;
  TreeSlots slots_;
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

void TreeWalk::sum_block(const FeatureRows& rows, int64_t first, int64_t count, double* out) const {
  const size_t stride = slots_.count(), lanes = roots_.size();
  float* values = thread_memory<float>(stride * count);
  double* leaves = thread_memory<double>(lanes * count);
  for (int64_t r = 0; r < count; ++r) slots_.fill(rows, first + r, values + r * stride);

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
  float_sums_ ? add_up<float>(leaves, count, out) : add_up<double>(leaves, count, out);
}

template <class Sum>
void TreeWalk::add_up(const double* leaves, int64_t count, double* out) const {
  std::fill(out, out + count * outputs_, 0.0);
  for (int64_t r = 0; r < count; ++r, leaves += roots_.size()) {
    for (int64_t t = 0, k = 0; t < trees_; ++t) {
      double& sum = out[r * outputs_ + k];
      sum = Sum(sum + leaves[t]);
      if (++k == outputs_) k = 0;
    }
  }
}

class WalkBuilder {
 public:
  WalkBuilder(const Forest& forest, const FeatureLayout& layout) : forest_(forest) {
    walk_.slots_ = TreeSlots(forest, layout, slot_of_);
  }

  std::unique_ptr<TreeEngine> build() {
    walk_.outputs_ = forest_.outputs;
    walk_.float_sums_ = forest_.float_sums;
    walk_.trees_ = forest_.trees();
    walk_.leaf_value_ = forest_.leaf_value;
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
  TreeWalk walk_;
  std::vector<uint32_t> slot_of_;  // of each inner node
};

}  // namespace

std::unique_ptr<TreeEngine> make_tree_walk(const Forest& forest, const FeatureLayout& layout) {
  return WalkBuilder(forest, layout).build();
}

}  // namespace gristmill
