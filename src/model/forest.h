// A forest of binary decision trees as it is stored: plain arrays, no speed. tree_engine.h runs it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/state.h"
#include "model/link.h"
#include "tensor/tensor.h"

namespace gristmill {

// How an inner node decides; the bits of LightGBM's decision_type.
struct Decision {
  static constexpr uint8_t categorical = 1;   // left when the code is in the node's set
  static constexpr uint8_t default_left = 2;  // where a missing value goes
  static constexpr uint8_t missing_zero = 4;  // NaN and |x| ≤ 1e-35 are missing
  static constexpr uint8_t missing_nan = 8;   // NaN is missing; with neither, NaN counts as 0
};

// Values within this of zero are zero for Decision::missing_zero, as in LightGBM.
inline constexpr float zero_threshold = 1e-35f;

// Trees lie one after another: tree t has leaves[t] leaves and leaves[t] − 1 inner nodes, the first
// of which is its root. It adds to output t % outputs.
struct Forest {
  Link link = Link::identity;
  int64_t outputs = 1;
  double slope = 1;         // of the logistic link
  bool float_sums = false;  // rounded to float32 after each leaf, as XGBoost adds

  std::vector<int32_t> leaves;  // [trees]
  // Of each inner node. A child ≥ 0 is an inner node of the same tree, −1 − leaf a leaf.
  std::vector<int32_t> feature;  // a float of the layout, or floats + a code
  std::vector<uint8_t> decision;
  std::vector<float> threshold;  // left when x ≤ threshold; rounded down to float, which decides
                                 // every float x as the double did
  std::vector<int32_t> set;      // categorical: its set of codes
  std::vector<int32_t> left, right;
  std::vector<double> leaf_value;  // of each leaf
  // Of each leaf: the training rows that reached it, or their weight, for explanations; empty where
  // the trees do not say.
  std::vector<double> leaf_count;
  // Set s: code c is in it when bit c of words [set_offset[s], set_offset[s + 1]) is set.
  std::vector<int32_t> set_offset;
  std::vector<uint32_t> set_words;

  std::vector<double> importance;  // of each spec of the layout: its share of the total gain

  int64_t trees() const { return int64_t(leaves.size()); }
  // Code::corrupt unless sizes agree, children form trees and features exist. Linear time.
  void check(const FeatureLayout& layout) const;
  State save() const;
  static Forest load(const State& state, const FeatureLayout& layout);  // checked
};

// The nearest float not above `threshold`: x ≤ it decides every float x as x ≤ threshold does.
float round_down(double threshold);

}  // namespace gristmill
