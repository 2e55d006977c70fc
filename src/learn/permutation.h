// Which columns a model leans on: how much worse it scores when one column's values are shuffled
// among the rows (Breiman 2001; Fisher, Rudin and Dominici 2019). Columns that tell the same share
// what they are worth: each looks dispensable while the other stands.
#pragma once

#include <string>
#include <vector>

#include "learn/metrics.h"
#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

struct ColumnLoss {
  std::string column;  // TensorSpec::source
  double loss = 0;     // mean over the shuffles; positive: without the column the score is worse
  double spread = 0;   // standard deviation over them
};

// The columns of the data set, greatest loss first. At most 5,000 evenly spaced rows of the fold,
// five shuffles each; the same for any number of threads (0: all cores). Empty where the metric is
// not defined on the rows. O(columns · rows · cost of a prediction).
std::vector<ColumnLoss> permutation_importance(const Model& model, const Dataset& data, Fold fold,
                                               const MetricKind& metric, const MetricScale& scale,
                                               int threads);

}  // namespace gristmill
