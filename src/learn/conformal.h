// Intervals around predicted numbers that hold the truth as often as was asked.
#pragma once

#include "learn/metrics.h"

namespace gristmill {

// Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): the margin m such that
// prediction ± m holds the truth of a new row with at least the probability `level`, if such rows
// are as those that were scored. The ⌈(n + 1) · level⌉-th smallest absolute error; O(n). Weights do
// not count. Code::invalid: too few rows for the level.
double conformal_margin(const Scored& scored, double level);

// The share of the rows whose truth lies within prediction ± margin. NaN without rows.
double coverage(const Scored& scored, double margin);

}  // namespace gristmill
