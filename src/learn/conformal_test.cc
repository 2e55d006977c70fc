#include "learn/conformal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace gristmill {
namespace {

using Values = std::vector<double>;

TEST(ConformalTest, TheMarginIsAnOrderStatistic) {
  const Values predicted(9, 10), target = {11, 8, 13, 6, 15, 4, 17, 2, 19};  // off by 1 to 9
  const Scored scored{9, target.data(), nullptr, predicted.data(), 1};
  EXPECT_EQ(conformal_margin(scored, 0.5), 5);
  EXPECT_EQ(conformal_margin(scored, 0.9), 9);
  EXPECT_EQ(conformal_margin(scored, 0.01), 1);
  EXPECT_DOUBLE_EQ(coverage(scored, 5), 5.0 / 9);
  EXPECT_THROW(conformal_margin(scored, 0.91), Error);
  EXPECT_TRUE(std::isnan(coverage(Scored{}, 1)));
}

// Over many draws of few rows, new rows are held as often as asked: not less, and at most 1/(n + 1)
// more.
TEST(ConformalTest, NewRowsAreHeldAsOftenAsAsked) {
  std::mt19937_64 random(11);
  std::exponential_distribution<double> error(1);
  const int64_t rows = 19, draws = 20000;
  int64_t held = 0;
  for (int64_t draw = 0; draw < draws; ++draw) {
    Values predicted(rows, 0), target;
    for (int64_t i = 0; i < rows; ++i) target.push_back(error(random));
    held +=
        error(random) <= conformal_margin({rows, target.data(), nullptr, predicted.data(), 1}, 0.8);
  }
  EXPECT_NEAR(double(held) / draws, 0.8, 0.01);
}

}  // namespace
}  // namespace gristmill
