// How a model's answer moves with one column: the mean answer over a sample of rows when all of
// them hold the same value in it (Friedman 2001). It asks the bundle as a request does, so that
// what rules and encoders make of the value is in it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bundle/predictor.h"

namespace gristmill {

struct Dependence {
  std::string column;
  struct Point {
    nlohmann::json at;  // a number, a text or a boolean
    // Regression and binary: one (of two classes the probability of the second); else one a class.
    std::vector<double> means;
  };
  std::vector<Point> points;  // numbers rising; texts by falling count in the sample
  nlohmann::json json() const;
};

// `rows`: as signature.expected() has them. Numbers are moved through what lies between the 2nd and
// 98th percentile of the sample, texts through the most frequent. No points for columns of times,
// or where every answer fails.
Dependence partial_dependence(const Predictor& predictor, const Batch& rows, size_t column);

}  // namespace gristmill
