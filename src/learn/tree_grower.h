// One decision tree (Breiman et al. 1984), grown over histograms of the features.
#pragma once

#include <vector>

#include "tensor/dataset.h"

namespace gristmill {

struct TreeLimits {
  int64_t depth = 4;
  int64_t min_rows = 20;  // of a leaf
};

// Its first inner node is the root; a child ≥ 0 is an inner node, −1 − leaf a leaf.
struct GrownTree {
  struct Node {
    int32_t feature;                // floats of the layout, then codes
    double threshold;               // a number goes left when it is at most this
    std::vector<bool> left_levels;  // of a category: those that go left
    bool missing_left;              // of a number
    int32_t left, right;
    double gain;  // by which the squared error, or the Gini impurity, falls
  };
  struct Leaf {
    std::vector<double> mean;  // of the target, or the share of each class
    double weight;
    int64_t rows;
  };
  std::vector<Node> nodes;
  std::vector<Leaf> leaves;
};

// Over fold `train`. Targets are numbers, or classes of which each is a share; of two classes the
// share of the second. Codes must lie within their levels.
GrownTree grow_tree(const Dataset& data, const TreeLimits& limits);

}  // namespace gristmill
