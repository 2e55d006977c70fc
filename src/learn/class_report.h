// What a classifier answers, and what its probabilities are worth.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "learn/metrics.h"

namespace gristmill {

// {"confusion", "calibration"}, or {} without rows.
//   confusion: "classes"; "rows": by the class that they are of, then by the one that is answered
//     (answered_class()), for at most 50 classes; "mixed_up": the pairs that are taken for each
//     other most often, {"is", "answered", "rows"}, at most 10.
//   calibration: of the probability of the positive class; of three and more, of the one answered.
//     "bins": ten of equally many rows, by rising probability: {"rows", "predicted", "observed"},
//     the mean probability and how often it came true; equal probabilities share a bin. "error":
//     how far the two are apart in the mean over rows (expected calibration error, Naeini et al.
//     2015). "predicted" and "observed" of all rows. Means are weighted; counts are not.
nlohmann::json class_report(const Scored& scored, const std::vector<std::string>& classes,
                            double threshold = 0.5);

}  // namespace gristmill
