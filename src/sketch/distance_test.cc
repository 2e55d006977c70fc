#include "sketch/distance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gristmill {
namespace {

using Numbers = std::vector<double>;

TEST(StabilityIndex, IsTheSumOverBins) {
  EXPECT_EQ(stability_index(Numbers{0.5, 0.5}, Numbers{0.5, 0.5}), 0);
  EXPECT_NEAR(stability_index(Numbers{0.5, 0.5}, Numbers{0.25, 0.75}),
              -0.25 * std::log(0.5) + 0.25 * std::log(1.5), 1e-15);
  // An empty bin is much, not infinite; both ways alike.
  const double gone = stability_index(Numbers{0.5, 0.5}, Numbers{0, 1});
  EXPECT_GT(gone, 1);
  EXPECT_TRUE(std::isfinite(gone));
  EXPECT_EQ(gone, stability_index(Numbers{0, 1}, Numbers{0.5, 0.5}));
  EXPECT_EQ(stability_index(Numbers{}, Numbers{}), 0);
}

TEST(SmirnovDistance, IsTheGreatestStep) {
  EXPECT_EQ(smirnov_distance(Numbers{1, 2, 3}, Numbers{1, 2, 3}), 0);
  EXPECT_EQ(smirnov_distance(Numbers{1, 2}, Numbers{3, 4}), 1);
  EXPECT_EQ(smirnov_distance(Numbers{1, 2, 3, 4}, Numbers{3, 4, 5, 6}), 0.5);
  EXPECT_EQ(smirnov_distance(Numbers{0, 0, 1}, Numbers{0, 1, 1}), 1.0 / 3);
  EXPECT_EQ(smirnov_distance(Numbers{}, Numbers{1}), 0);
}

TEST(QuantileBins, HoldEqualSharesUnlessValuesTie) {
  Numbers sorted;
  for (int i = 0; i < 1000; ++i) sorted.push_back(i);
  const Numbers ends = quantile_bins(sorted, 10);
  EXPECT_EQ(ends.size(), 9u);
  for (const double share : bin_shares(sorted, ends)) EXPECT_NEAR(share, 0.1, 0.002);
  EXPECT_EQ(quantile_bins(Numbers(50, 7.0), 10), Numbers{7});
  EXPECT_EQ(bin_shares(Numbers{6, 7, 8, 9}, Numbers{7}), (Numbers{0.5, 0.5}));
  EXPECT_TRUE(quantile_bins(Numbers{}, 10).empty());
  EXPECT_EQ(bin_shares(Numbers{}, Numbers{1}), (Numbers{0, 0}));
}

}  // namespace
}  // namespace gristmill
