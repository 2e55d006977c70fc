// What a prediction asks for, against what its target turned out to be.
#pragma once

#include "learn/metrics.h"
#include "pipeline/project.h"

namespace gristmill {

// Code::invalid for a loss, a metric or a form of answers that is not for such a problem.
void check_target(const PredictSpec& spec, Problem problem);
// What models are compared by: the project's metric, or that of the first loss, or the problem's.
const MetricKind& chosen_metric(const PredictSpec& spec, Problem problem);

}  // namespace gristmill
