// The slices of test rows on which a model is worse than on all of them.
#pragma once

#include <nlohmann/json.hpp>

#include "learn/metrics.h"
#include "learn/slices.h"

namespace gristmill {

// At most five, the worst first: [{"column", "slice", "rows", "score", "interval"}], of the rows
// looked at. A slice counts when its score falls short of `whole` by more than chance explains,
// with so many slices looked at (Bonferroni), and by at least a tenth of what the model gains over
// `baseline`. Of slices that are mostly the same rows, the worst stands for all. `scored`: the rows
// that the columns were cut of.
nlohmann::json worst_slices(const MetricKind& metric, const Scored& scored,
                            const std::vector<SlicedColumn>& columns, double whole, double baseline,
                            int threads);

}  // namespace gristmill
