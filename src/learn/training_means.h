// What the features of the training rows are on average: where a linear model's explanations begin.
#pragma once

#include <vector>

#include "base/thread_pool.h"
#include "learn/linear_objective.h"

namespace gristmill {

// [floats + levels]: the weighted mean of each float, NaN as 0, and the weighted share of each
// level of each code. Rows stream; the bits do not depend on the threads.
std::vector<double> training_means(const Dataset& data, const LinearShape& shape, ThreadPool& pool);

}  // namespace gristmill
