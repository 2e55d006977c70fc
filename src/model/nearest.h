// The nearest of the rows that it holds answer.
#pragma once

#include "model/model.h"

namespace gristmill {

struct NearestParameters {
  Problem problem = Problem::regression;
  int64_t outputs = 1;  // one a class for three or more
  int64_t neighbors = 5;
  bool by_distance = false;    // a row counts 1 / its distance; else all the same
  std::vector<float> floats;   // [rows][floats], finite
  std::vector<int32_t> codes;  // [rows][codes]
  std::vector<double> target;  // [rows]: a number, or a class
  std::vector<double> weight;  // [rows], above 0; empty: all 1
};

// The distance of two rows is the root of the sum of squares of what their floats differ by, a NaN
// counting as 0, and of 1 for each code that differs. Of rows as far, those held first are nearest.
// Every row held is looked at.
// It is not explained: make_explainer() is Code::invalid. Sizes that do not fit the layout, and
// what is out of range, are Code::corrupt.
std::unique_ptr<Model> make_nearest(NearestParameters parameters, const FeatureLayout& layout);

}  // namespace gristmill
