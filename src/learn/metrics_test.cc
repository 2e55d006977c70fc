#include "learn/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace gristmill {
namespace {

using Values = std::vector<double>;

std::map<std::string, double> scores(Problem problem, const Values& target, const Values& predicted,
                                     const Values& weight = {}) {
  return score_all(problem,
                   {int64_t(target.size()), target.data(), weight.empty() ? nullptr : weight.data(),
                    predicted.data(), int64_t(predicted.size() / target.size())});
}

// The expected numbers are scikit-learn 1.9's for the same rows.
void expect_scores(const std::map<std::string, double>& found,
                   const std::map<std::string, double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_NEAR(found.at(name), value, 1e-12) << name;
}

TEST(Metrics, Binary) {
  const Values y = {0, 1, 1, 0, 1, 0, 0, 1}, p = {.1, .8, .5, .5, .35, .35, .9, .5};
  expect_scores(scores(Problem::binary, y, p), {{"auc", 0.59375},
                                                {"log_loss", 0.7738919677796312},
                                                {"brier", 0.269375},
                                                {"accuracy", 0.625},
                                                {"f1", 0.6666666666666666}});
  expect_scores(scores(Problem::binary, y, p, {1, 2, .5, 1, 3, 1.5, 1, .25}),
                {{"auc", 0.5603864734299517},
                 {"log_loss", 0.7671103438921865},
                 {"brier", 0.2720731707317073},
                 {"accuracy", 0.5121951219512195},
                 {"f1", 0.5238095238095238}});
}

TEST(Metrics, Multiclass) {
  const Values y = {0, 2, 1, 2, 0},
               p = {.7, .2, .1, .1, .3, .6, .4, .35, .25, .2, .5, .3, .6, .3, .1};
  expect_scores(scores(Problem::multiclass, y, p), {{"log_loss", 0.7264242240590656},
                                                    {"brier", 0.417},
                                                    {"accuracy", 0.6},
                                                    {"f1", 0.48888888888888893}});
  expect_scores(scores(Problem::multiclass, y, p, {1, 2, .5, 1, 3}),
                {{"log_loss", 0.6186249239125281},
                 {"brier", 0.3390000000000001},
                 {"accuracy", 0.8},
                 {"f1", 0.5803921568627451}});
}

TEST(Metrics, Regression) {
  const Values y = {1, 2.5, -3, 4, 0}, p = {1.5, 2, -2, 3, .25};
  expect_scores(scores(Problem::regression, y, p),
                {{"rmse", 0.7158910531638176}, {"mae", 0.65}, {"r2", 0.9091312056737588}});
  expect_scores(scores(Problem::regression, y, p, {1, 2, .5, 1, 3}),
                {{"rmse", 0.570087712549569}, {"mae", 0.5}, {"r2", 0.8999658002735977}});
}

TEST(Metrics, CertainAndWrongIsAFiniteLoss) {
  EXPECT_NEAR(scores(Problem::binary, {1, 0}, {0, 1})["log_loss"], 36.04365338911715, 1e-9);
}

TEST(Metrics, AClassThatNeverOccursDoesNotCount) {
  EXPECT_DOUBLE_EQ(scores(Problem::multiclass, {0, 1}, {1, 0, 0, 0, 1, 0})["f1"], 1);
}

TEST(Metrics, WhatIsNotDefinedIsNan) {
  EXPECT_TRUE(std::isnan(scores(Problem::binary, {1, 1}, {.2, .3})["auc"]));
  EXPECT_TRUE(std::isnan(scores(Problem::binary, {1, 0}, {.2, NAN})["auc"]));
  EXPECT_TRUE(std::isnan(scores(Problem::regression, {2, 2}, {1, 3})["r2"]));
  EXPECT_TRUE(std::isnan(Metrics::instance().get("auc", "metric").score({})));
  EXPECT_TRUE(std::isnan(Metrics::instance().get("rmse", "metric").score({})));
}

TEST(Metrics, AucCountsPairs) {
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    Values y, p, w;
    const int rows = round < 28 ? 80 : 5000;  // few are sorted in another way
    for (int i = 0; i < rows; ++i) {
      y.push_back(random() % 2);
      p.push_back(round % 2 ? double(random() % 7) - 3 : std::ldexp(double(random()), -20) - 2000);
      w.push_back(double(random() % 4));
    }
    double won = 0, pairs = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      for (size_t j = 0; j < y.size(); ++j) {
        if (y[i] != 1 || y[j] != 0) continue;
        pairs += w[i] * w[j];
        won += w[i] * w[j] * (p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0);
      }
    }
    EXPECT_NEAR(scores(Problem::binary, y, p, w)["auc"], won / pairs, 1e-12);
  }
}

TEST(Metrics, BetterKnowsItsDirectionAndNan) {
  const MetricKind &auc = Metrics::instance().get("auc", "metric"),
                   &rmse = Metrics::instance().get("rmse", "metric");
  EXPECT_TRUE(better(auc, 0.8, 0.7));
  EXPECT_FALSE(better(auc, 0.7, 0.7));
  EXPECT_TRUE(better(rmse, 0.7, 0.8));
  EXPECT_TRUE(better(rmse, 0.7, NAN));
  EXPECT_FALSE(better(rmse, NAN, 0.7));
}

TEST(Metrics, EachProblemHasItsDefault) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass}) {
    const auto& kind = Metrics::instance().get(default_metric(problem), "metric");
    EXPECT_NE(std::find(kind.problems.begin(), kind.problems.end(), problem), kind.problems.end());
  }
}

}  // namespace
}  // namespace gristmill
