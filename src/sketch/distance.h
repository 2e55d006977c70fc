// How far two distributions lie apart.
#pragma once

#include <span>
#include <vector>

namespace gristmill {

// The population stability index (Siddiqi, Credit Risk Scorecards, 2006): the sum of
// (after − before) · ln(after / before) over the shares of bins, in the same order on both sides.
// A share below 1/10,000 counts as that, so that an empty bin adds much but not everything.
double stability_index(std::span<const double> before, std::span<const double> after);

// The greatest distance between two empirical distribution functions (Kolmogorov and Smirnov), of
// samples that are sorted; 0 … 1, and 0 when either is empty. O(n).
double smirnov_distance(std::span<const double> before, std::span<const double> after);

// Bins that hold about equal shares of a sorted sample: their upper ends, rising, each once; what
// lies above the last is a bin of its own. Empty for an empty sample.
std::vector<double> quantile_bins(std::span<const double> sorted, int bins);
// The share of a sorted sample in each of the bins (one more than there are ends).
std::vector<double> bin_shares(std::span<const double> sorted, std::span<const double> ends);

}  // namespace gristmill
