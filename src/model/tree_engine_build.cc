// Compiles a Forest into the arrays of a TreeEngine.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"
#include "model/tree_engine.h"

namespace gristmill {
namespace {

constexpr uint64_t pattern_words_max = 256ull << 18;  // 256 MiB

}  // namespace

class TreeEngine::Builder {
 public:
  Builder(TreeEngine& engine, const Forest& forest, const FeatureLayout& layout)
      : engine_(engine), forest_(forest), layout_(layout), slot_of_(forest.feature.size()) {}

  void build() {
    engine_.outputs_ = forest_.outputs;
    engine_.trees_ = forest_.trees();
    engine_.leaf_value_ = forest_.leaf_value;
    engine_.leaf_value_.push_back(0);
    engine_.narrow_ = std::all_of(forest_.leaves.begin(), forest_.leaves.end(),
                                  [](int32_t leaves) { return leaves <= 32; });
    number_columns();
    number_patterns();
    int64_t first_node = 0, first_leaf = 0;
    for (int64_t t = 0; t < forest_.trees(); ++t) {
      add_tree(t, first_node, first_leaf);
      if (engine_.narrow_) add_mask_tree(t, first_node, first_leaf);
      first_node += forest_.leaves[t] - 1;
      first_leaf += forest_.leaves[t];
    }
    engine_.mask_begin_.push_back(uint32_t(engine_.mask_nodes_.size()));
    pad();
  }

 private:
  Missing missing_of(int64_t node) const {
    uint8_t decision = forest_.decision[node];
    bool left = decision & Decision::default_left;
    if (decision & Decision::missing_zero) return left ? Missing::zero_left : Missing::zero_right;
    if (decision & Decision::missing_nan) return left ? Missing::nan_left : Missing::nan_right;
    return 0 <= forest_.threshold[node] ? Missing::nan_left : Missing::nan_right;
  }

  void number_columns() {
    std::map<std::tuple<int32_t, Missing>, uint32_t> known;
    for (size_t i = 0; i < slot_of_.size(); ++i) {
      if (forest_.decision[i] & Decision::categorical) continue;
      int32_t feature = forest_.feature[i];
      bool code = feature >= layout_.floats;
      ColumnSlot slot{code ? feature - int32_t(layout_.floats) : feature, code, missing_of(i)};
      auto [it, is_new] = known.emplace(std::tuple(feature, slot.missing), engine_.slots_);
      if (is_new) {
        engine_.columns_.push_back(slot);
        ++engine_.slots_;
      }
      slot_of_[i] = it->second;
    }
  }

  std::vector<uint32_t> words_of(int32_t set) const {
    return {forest_.set_words.begin() + forest_.set_offset[set],
            forest_.set_words.begin() + forest_.set_offset[set + 1]};
  }

  // Equal sets of one column share a slot.
  void number_patterns() {
    std::map<int32_t, std::map<std::vector<uint32_t>, uint32_t>> by_column;
    for (size_t i = 0; i < slot_of_.size(); ++i) {
      if (!(forest_.decision[i] & Decision::categorical)) continue;
      auto& known = by_column[forest_.feature[i]];
      slot_of_[i] = known.emplace(words_of(forest_.set[i]), uint32_t(known.size())).first->second;
    }
    std::map<int32_t, uint32_t> first_slot;
    for (const auto& [feature, sets] : by_column) {
      engine_.slots_ = (engine_.slots_ + 7) / 8 * 8;
      first_slot[feature] = engine_.slots_;
      add_patterns(feature, sets);
    }
    for (size_t i = 0; i < slot_of_.size(); ++i) {
      if (forest_.decision[i] & Decision::categorical)
        slot_of_[i] += first_slot[forest_.feature[i]];
    }
  }

  static bool holds(const std::vector<uint32_t>& words, size_t level) {
    return words[level / 32] >> (level % 32) & 1;
  }

  // Codes beyond these do not occur: sets that name more are cut.
  size_t levels_of(int64_t code_column) const {
    for (size_t s = 0; s < layout_.specs.size(); ++s) {
      const TensorSpec& spec = layout_.specs[s];
      if (spec.kind == TensorKind::code && layout_.at[s] == code_column) return spec.levels();
    }
    return 0;
  }

  void add_patterns(int32_t feature, const std::map<std::vector<uint32_t>, uint32_t>& sets) {
    Patterns patterns;
    patterns.column = feature - int32_t(layout_.floats);
    patterns.first_slot = engine_.slots_;
    patterns.words = uint32_t((sets.size() + 31) / 32);
    size_t levels = 0;
    for (const auto& [words, number] : sets) levels = std::max(levels, words.size() * 32);
    levels = std::min(levels, levels_of(patterns.column));
    patterns.row_of.assign(levels, 0);
    uint32_t rows = 1;
    for (const auto& [words, number] : sets) {
      for (size_t level = 0; level < std::min(levels, words.size() * 32); ++level) {
        if (holds(words, level) && patterns.row_of[level] == 0) patterns.row_of[level] = rows++;
      }
    }
    if (uint64_t(rows) * patterns.words > pattern_words_max) {
      throw Error(Code::exhausted, "the trees split on too many sets of too many categories");
    }
    patterns.bits.assign(size_t(rows) * patterns.words, ~uint32_t(0));
    for (const auto& [words, number] : sets) {
      for (size_t level = 0; level < std::min(levels, words.size() * 32); ++level) {
        if (!holds(words, level)) continue;
        patterns.bits[size_t(patterns.row_of[level]) * patterns.words + number / 32] &=
            ~(uint32_t(1) << (number % 32));
      }
    }
    engine_.slots_ += patterns.words * 32;
    engine_.patterns_.push_back(std::move(patterns));
  }

  Node leaf_node(uint32_t at, int64_t leaf) const {
    return {-std::numeric_limits<float>::infinity(), 0, at, uint32_t(leaf)};
  }

  // Breadth first, so that the upper levels share cache lines.
  void add_tree(int64_t tree, int64_t first_node, int64_t first_leaf) {
    std::vector<Node>& nodes = engine_.nodes_;
    struct Open {
      int32_t child;
      uint32_t at;
      int32_t depth;
    };
    uint32_t root = uint32_t(nodes.size());
    nodes.emplace_back();
    std::vector<Open> open = {{forest_.leaves[tree] > 1 ? 0 : -1, root, 0}};
    int32_t depth = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      auto [child, at, level] = open[i];
      depth = std::max(depth, level);
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
    if (tree % 8 == 0) engine_.depth_.push_back(0);
    engine_.depth_.back() = std::max(engine_.depth_.back(), depth);
    engine_.roots_.push_back(root);
  }

  // Leaves are numbered from left to right in order of the walk; a node's left leaves are a range.
  void add_mask_tree(int64_t tree, int64_t first_node, int64_t first_leaf) {
    engine_.mask_begin_.push_back(uint32_t(engine_.mask_nodes_.size()));
    engine_.mask_leaf_.push_back(uint32_t(engine_.mask_leaf_value_.size()));
    struct Open {
      int32_t child;
      int64_t left_of;  // the node whose left subtree ends before this child, or −1
      int leaf_begin;   // of that subtree
    };
    std::vector<Open> open = {{forest_.leaves[tree] > 1 ? 0 : -1, -1, 0}};
    int leaves = 0;
    while (!open.empty()) {
      auto [child, ended, begin] = open.back();
      open.pop_back();
      if (ended >= 0) add_mask_node(ended, begin, leaves);
      if (child < 0) {
        engine_.mask_leaf_value_.push_back(forest_.leaf_value[first_leaf - 1 - child]);
        ++leaves;
        continue;
      }
      int64_t node = first_node + child;
      open.push_back({forest_.right[node], node, leaves});
      open.push_back({forest_.left[node], -1, 0});
    }
  }

  void add_mask_node(int64_t node, int leaf_begin, int leaf_end) {
    uint64_t cleared = (uint64_t(1) << leaf_end) - (uint64_t(1) << leaf_begin);
    engine_.mask_nodes_.push_back({forest_.threshold[node], slot_of_[node], ~uint32_t(cleared)});
  }

  void pad() {
    uint32_t at = uint32_t(engine_.nodes_.size());
    engine_.nodes_.push_back(leaf_node(at, int64_t(forest_.leaf_value.size())));
    while (engine_.roots_.size() % 8 != 0) engine_.roots_.push_back(at);
  }

  TreeEngine& engine_;
  const Forest& forest_;
  const FeatureLayout& layout_;
  std::vector<uint32_t> slot_of_;  // of each inner node
};

TreeEngine::TreeEngine(const Forest& forest, const FeatureLayout& layout) {
  Builder(*this, forest, layout).build();
}

}  // namespace gristmill
