// Trees as another program saved them: features by its own numbers, thresholds and categories in
// its own terms. What becomes of each feature decides the forest that answers the same.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/forest.h"

namespace gristmill {

struct ForeignTrees {
  struct Feature {
    std::string name;       // "" where the model names none
    bool category = false;  // split by sets of categories
    bool boolean = false;   // said to be true or false
    nlohmann::json levels;  // a category's values, by number: text or whole numbers; null: not said
  };

  std::string format, objective;  // "XGBoost", "reg:squarederror"
  Problem problem = Problem::regression;
  std::vector<Feature> features;
  bool float_inputs = false;       // numbers are rounded to float32 before they are compared
  std::vector<std::string> notes;  // what its user should know

  // Without thresholds, sets and importance; `feature` counts `features`, each in range.
  Forest trees;
  std::vector<double> threshold;  // of each inner node: left when x ≤ threshold
  std::vector<double> gain;       // of each inner node
  // Set s: the categories categories[set_begin[s] … set_begin[s + 1]). Where what is missing goes,
  // Decision::default_left says; what is in no set goes right.
  std::vector<size_t> set_begin = {0};
  std::vector<int32_t> categories;
};

// What one of its features becomes.
struct FeaturePlace {
  int32_t feature = 0;  // of the layout
  enum class As : uint8_t {
    value,  // the number itself, or its category's number as the code
    step,   // the count of `steps` below the number; NaN where it is missing, or zero is
    level,  // 2 + the place among `levels`; 0 missing, 1 none of them
  } as = As::value;
  std::vector<double> steps;    // rising: all thresholds of the feature
  std::vector<int32_t> levels;  // rising: the categories that have a code
};

// The thresholds that the trees compare a feature with, rising.
std::vector<std::vector<double>> thresholds_of(const ForeignTrees& trees);
// The categories that are in one of its sets, rising.
std::vector<std::vector<int32_t>> categories_of(const ForeignTrees& trees);
// Whether a feature counts zeros as missing. Code::corrupt when only some of its splits do.
std::vector<bool> zeros_missing(const ForeignTrees& trees);

// The forest over `layout`, checked. `places`: of each feature. Code::corrupt for what is no tree,
// Code::exhausted for too many sets of too many categories.
Forest place_trees(const ForeignTrees& trees, const std::vector<FeaturePlace>& places,
                   const FeatureLayout& layout);

}  // namespace gristmill
