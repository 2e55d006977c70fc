#include "sketch/distance.h"

#include <algorithm>
#include <cmath>

namespace gristmill {
namespace {

constexpr double least_share = 1e-4;

}  // namespace

double stability_index(std::span<const double> before, std::span<const double> after) {
  double sum = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double p = std::max(before[i], least_share), q = std::max(after[i], least_share);
    sum += (q - p) * std::log(q / p);
  }
  return sum;
}

double smirnov_distance(std::span<const double> before, std::span<const double> after) {
  if (before.empty() || after.empty()) return 0;
  double most = 0;
  for (size_t i = 0, j = 0; i < before.size() && j < after.size();) {
    const double value = std::min(before[i], after[j]);
    while (i < before.size() && before[i] == value) ++i;
    while (j < after.size() && after[j] == value) ++j;
    most = std::max(most,
                    std::abs(double(i) / double(before.size()) - double(j) / double(after.size())));
  }
  return most;
}

std::vector<double> quantile_bins(std::span<const double> sorted, int bins) {
  std::vector<double> ends;
  if (sorted.empty()) return ends;
  for (int i = 1; i < bins; ++i) {
    const double end = sorted[sorted.size() * size_t(i) / size_t(bins)];
    if (ends.empty() || end > ends.back()) ends.push_back(end);
  }
  return ends;
}

std::vector<double> bin_shares(std::span<const double> sorted, std::span<const double> ends) {
  std::vector<double> shares(ends.size() + 1);
  if (sorted.empty()) return shares;
  auto from = sorted.begin();
  for (size_t i = 0; i <= ends.size(); ++i) {
    const auto to = i < ends.size() ? std::upper_bound(from, sorted.end(), ends[i]) : sorted.end();
    shares[i] = double(to - from) / double(sorted.size());
    from = to;
  }
  return shares;
}

}  // namespace gristmill
