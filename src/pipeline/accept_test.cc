#include "pipeline/accept.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

using Scores = std::map<std::string, double>;

bool holds(const std::string& condition, const Scores& scores, const Scores& champion = {}) {
  return judge({AcceptCondition::parse(condition)}, scores, champion).at(0).holds;
}

TEST(AcceptTest, ANumberOrTheChampion) {
  EXPECT_TRUE(holds("auc >= 0.68", {{"auc", 0.68}}));
  EXPECT_FALSE(holds("auc > 0.68", {{"auc", 0.68}}));
  EXPECT_TRUE(holds(" rmse<=1e1 ", {{"rmse", 9}}));
  EXPECT_FALSE(holds("rmse < 9", {{"rmse", 9}}));
  EXPECT_TRUE(holds("auc >= champion - 0.005", {{"auc", 0.676}}, {{"auc", 0.68}}));
  EXPECT_FALSE(holds("auc >= champion-0.005", {{"auc", 0.67}}, {{"auc", 0.68}}));
  EXPECT_FALSE(holds("auc > champion", {{"auc", 0.68}}, {{"auc", 0.68}}));
  EXPECT_TRUE(holds("log_loss <= champion + .1", {{"log_loss", 0.55}}, {{"log_loss", 0.5}}));
  EXPECT_TRUE(holds("auc >= champion", {{"auc", 0.1}}));  // the first there is
  EXPECT_FALSE(holds("auc >= 0.5", {{"auc", NAN}}));
}

TEST(AcceptTest, WhatIsNoCondition) {
  for (const char* wrong : {"", "auc", "auc >=", "auc = 0.5", "auc == 0.5", ">= 0.5", "auc >= x",
                            "auc >= 0.5 x", "auc >= champion * 2", "auc >= champion -",
                            "auc >= nan", "auc >= inf", "auc => 0.5", "auc >= 0.5, 0.6"})
    EXPECT_THROW(AcceptCondition::parse(wrong), Error) << wrong;
  try {
    AcceptCondition::parse("acu >= 0.5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "did you mean \"auc\"?");
  }
}

}  // namespace
}  // namespace gristmill
