// How a model's probabilities are to be calibrated, learned from rows that it was not trained on.
#pragma once

#include "learn/metrics.h"
#include "model/calibrated.h"

namespace gristmill {

// The calibration of least log loss on `scored`: of two classes by Platt's method (1999) with his
// targets, which keep it finite where the classes are parted perfectly; of more by one temperature
// (Guo et al. 2017). A model whose probabilities order the rows wrongly, or all alike, is left as
// it is. Newton's method, O(rows · classes) a step.
Calibration fit_calibration(Problem problem, const Scored& scored);

}  // namespace gristmill
