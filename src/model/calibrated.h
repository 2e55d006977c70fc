// A model whose probabilities are made honest afterwards.
#pragma once

#include "model/model.h"

namespace gristmill {

// Two classes: the log-odds z become slope · z + offset (Platt 1999). Three or more: each
// probability is raised to the power `slope` and the row scaled to sum to 1 (temperature scaling,
// Guo et al. 2017); `offset` is 0.
struct Calibration {
  double slope = 1, offset = 0;
};

// A probability as log-odds; 0 and 1 as those of 1e-15 and its complement.
double log_odds(double probability);
// In place over [rows][outputs].
void calibrate(const Calibration& calibration, int64_t rows, int64_t outputs, double* probability);

// Code::corrupt when a parameter is not finite or the slope is not above 0.
std::unique_ptr<Model> make_calibrated(std::unique_ptr<Model> model,
                                       const Calibration& calibration);

}  // namespace gristmill
