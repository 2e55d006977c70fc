// Random forests of every kind of split, and rows that meet their edges, for the tests of this
// room.
#pragma once

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "model/forest.h"

namespace gristmill {

inline constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

struct ForestShape {
  int floats = 5, codes = 2, levels = 70, trees = 20, leaves_max = 31, outputs = 1;
  bool zeros_missing = false;
};

inline FeatureLayout layout_of(const ForestShape& shape) {
  std::vector<TensorSpec> specs;
  for (int i = 0; i < shape.floats; ++i) {
    specs.push_back({"f" + std::to_string(i), TensorKind::block, {"x"}, "f"});
  }
  for (int i = 0; i < shape.codes; ++i) {
    specs.push_back({"c" + std::to_string(i), TensorKind::code,
                     std::vector<std::string>(size_t(shape.levels)), "c"});
  }
  return FeatureLayout(std::move(specs));
}

inline const std::vector<float> edge_values = {
    0,    -0.0f, 1e-35f,   -1e-35f, 2e-35f,    1,         -1,   2,
    0.5f, -0.5f, infinity, 3e38f,   nan_value, -infinity, 0.1f, -1e-30f};

class RandomForest {
 public:
  RandomForest(const ForestShape& shape, uint32_t seed) : shape_(shape), random_(seed) {
    forest.outputs = shape.outputs;
    if (shape.outputs > 1) forest.link = Link::softmax;
    forest.set_offset = {0};
    for (int t = 0; t < shape.trees * shape.outputs; ++t) add_tree();
    forest.importance.resize(size_t(shape.floats + shape.codes));
    forest.check(layout_of(shape));
  }
  Forest forest;

 private:
  int pick(int n) { return int(random_() % uint32_t(n)); }

  // Splits a random leaf again and again, as training does: leaf i keeps its place on the left.
  void add_tree() {
    int leaves = 1 + pick(shape_.leaves_max);
    std::vector<int32_t> left, right;
    std::vector<std::pair<int, bool>> parent = {{-1, false}};  // of each leaf
    for (int node = 0; node < leaves - 1; ++node) {
      int leaf = pick(node + 1);
      auto [from, is_right] = parent[leaf];
      if (from >= 0) (is_right ? right : left)[from] = node;
      left.push_back(-1 - leaf);
      right.push_back(-1 - (node + 1));
      parent[leaf] = {node, false};
      parent.push_back({node, true});
      add_question();
    }
    forest.leaves.push_back(leaves);
    forest.left.insert(forest.left.end(), left.begin(), left.end());
    forest.right.insert(forest.right.end(), right.begin(), right.end());
    for (int i = 0; i < leaves; ++i) forest.leaf_value.push_back(double(pick(2000)) / 7 - 140);
    for (int i = 0; i < leaves; ++i) forest.leaf_count.push_back(pick(50));
  }

  void add_question() {
    int feature = pick(shape_.floats + shape_.codes);
    bool categorical = feature >= shape_.floats && pick(4) > 0;
    forest.feature.push_back(feature);
    int missing = pick(shape_.zeros_missing ? 3 : 2) * 4;  // none, zero, NaN
    if (!shape_.zeros_missing) missing *= 2;
    uint8_t decision = uint8_t(categorical ? 1 : missing | pick(2) * 2);
    forest.decision.push_back(decision);
    float threshold;
    do threshold = edge_values[size_t(pick(int(edge_values.size())))];
    while (std::isnan(threshold));
    forest.threshold.push_back(categorical ? 0 : threshold);
    forest.set.push_back(0);
    if (categorical) {
      forest.set.back() = int32_t(forest.set_offset.size()) - 1;
      for (int w = pick(4); w > 0; --w) forest.set_words.push_back(random_() & random_());
      forest.set_offset.push_back(int32_t(forest.set_words.size()));
    }
  }

  ForestShape shape_;
  std::mt19937 random_;
};

// LightGBM's own decision, as its documentation has it, on doubles.
inline bool goes_left(const Forest& forest, int64_t node, double x) {
  uint8_t decision = forest.decision[node];
  if (decision & Decision::categorical) {
    auto code = int64_t(x);
    int64_t begin = forest.set_offset[forest.set[node]],
            end = forest.set_offset[forest.set[node] + 1];
    return code >= 0 && begin + code / 32 < end &&
           (forest.set_words[begin + code / 32] >> (code % 32) & 1);
  }
  if (std::isnan(x) && !(decision & Decision::missing_nan)) x = 0;
  bool zero = x >= -double(zero_threshold) && x <= double(zero_threshold);
  if ((decision & Decision::missing_zero && zero) ||
      (decision & Decision::missing_nan && std::isnan(x))) {
    return decision & Decision::default_left;
  }
  return x <= double(forest.threshold[node]);
}

struct RandomRows {
  RandomRows(const ForestShape& shape, int64_t count) : random(9) {
    for (int64_t i = 0; i < count * (shape.floats + 1); ++i) {
      floats.push_back(edge_values[random() % edge_values.size()]);
    }
    for (int64_t i = 0; i < count * (shape.codes + 2); ++i) {
      codes.push_back(int32_t(random() % uint32_t(shape.levels)));
    }
    rows = {count, floats.data(), shape.floats + 1, codes.data(), shape.codes + 2};
  }
  std::mt19937 random;
  std::vector<float> floats;
  std::vector<int32_t> codes;
  FeatureRows rows;
};

}  // namespace gristmill
