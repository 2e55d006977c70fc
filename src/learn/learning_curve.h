// How a model's score on the validate rows grows with the rows that it learns from: whether more
// rows would help (Cortes et al. 1994).
#pragma once

#include <vector>

#include "learn/learner.h"
#include "learn/metrics.h"

namespace gristmill {

struct CurvePoint {
  int64_t rows;  // to train on
  double score;
};

// Trains on some sixteenth, eighth, quarter and half of the training rows, each within the next,
// drawn by `seed`; of fewer than 50 rows, and where a learner refuses so few, there is no point.
// Rows stay encoded as all training rows had them: what encoders learn from the target flatters the
// first points. At most 50,000 validate rows are asked, and 50 million values copied. `whole`: the
// model of all rows, the last point.
std::vector<CurvePoint> learning_curve(const Dataset& data, const LearnerKind& learner,
                                       const Params& params, const Model& whole,
                                       const MetricKind& metric, const MetricScale& scale,
                                       uint64_t seed, Progress& progress);

}  // namespace gristmill
