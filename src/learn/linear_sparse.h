// Linear models under a penalty with absolute weights, which makes weights exactly 0.
#pragma once

#include "base/progress.h"
#include "learn/linear_objective.h"

namespace gristmill {

// What is added to the summed loss: l1 · Σ|w| + l2 / 2 · Σw²; biases are free. Of the weights as
// the objective scales them.
struct LinearPenalty {
  double l1 = 0, l2 = 0;
};

// Minimises from `x` on by proximal Newton steps (Lee, Sun and Saunders 2014): coordinate descent
// over the quadratic model that the Hessian gives, then a step that makes the value smaller. Rows
// are streamed; what is held is the Hessian. Ends when the model promises less than `tolerance`.
void descend_sparse(const LinearObjective& objective, const LinearPenalty& penalty,
                    double tolerance, int steps_max, Progress& progress, std::vector<double>& x);

// The least l1 that leaves every weight at 0, `start` being the objective's.
double l1_of_no_weights(const LinearObjective& objective, const std::vector<double>& start);

}  // namespace gristmill
