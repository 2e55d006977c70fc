#include "learn/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace gristmill {
namespace {

using Values = std::vector<double>;

double log_loss(const Values& target, const Values& probability, const Values& weight = {}) {
  double loss = 0;
  for (size_t i = 0; i < target.size(); ++i) {
    const double p = target[i] == 1 ? probability[i] : 1 - probability[i];
    loss -= (weight.empty() ? 1 : weight[i]) * std::log(std::max(p, 1e-15));
  }
  return loss;
}

// Probabilities whose log-odds are 2 z + 0.5 where the truth's are z.
struct Skewed {
  Values target, probability, weight;
  explicit Skewed(int64_t rows) {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal(0, 1.5);
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int64_t i = 0; i < rows; ++i) {
      const double z = normal(random);
      probability.push_back(1 / (1 + std::exp(-(2 * z + 0.5))));
      target.push_back(uniform(random) < 1 / (1 + std::exp(-z)) ? 1 : 0);
      weight.push_back(double(random() % 4));
    }
  }
  Scored scored(bool weighted) const {
    return {int64_t(target.size()), target.data(), weighted ? weight.data() : nullptr,
            probability.data(), 1};
  }
};

TEST(CalibrateTest, TwoClassesFindWhatWasDone) {
  const Skewed rows(200000);
  for (const bool weighted : {false, true}) {
    const Calibration found = fit_calibration(Problem::binary, rows.scored(weighted));
    EXPECT_NEAR(found.slope, 0.5, 0.01);
    EXPECT_NEAR(found.offset, -0.25, 0.02);
  }
}

// No slope and offset near those that were found has a smaller loss; rows are many, so that Platt's
// targets hardly move it.
TEST(CalibrateTest, TheLossIsTheLeast) {
  const Skewed rows(20000);
  const Calibration found = fit_calibration(Problem::binary, rows.scored(true));
  const auto loss = [&](double slope, double offset) {
    Values p = rows.probability;
    calibrate({slope, offset}, int64_t(p.size()), 1, p.data());
    return log_loss(rows.target, p, rows.weight);
  };
  const double least = loss(found.slope, found.offset);
  EXPECT_LT(least, loss(1, 0));
  for (const double a : {-0.02, 0.02}) {
    EXPECT_LT(least, loss(found.slope + a, found.offset));
    EXPECT_LT(least, loss(found.slope, found.offset + a));
  }
}

TEST(CalibrateTest, PartedPerfectlyItStaysFinite) {
  const Values target = {0, 0, 0, 1, 1, 1}, p = {0.1, 0.2, 0.3, 0.7, 0.8, 1.0};
  const Calibration found =
      fit_calibration(Problem::binary, {6, target.data(), nullptr, p.data(), 1});
  EXPECT_TRUE(std::isfinite(found.slope) && found.slope > 0);
  Values out = p;
  calibrate(found, 6, 1, out.data());
  for (size_t i = 1; i < 6; ++i) EXPECT_GE(out[i], out[i - 1]);
  EXPECT_LT(out[5], 1);
}

TEST(CalibrateTest, WhatCannotBeCalibratedIsLeft) {
  const Values one = {1, 1}, p = {0.4, 0.6}, wrong = {1, 0, 1, 0}, q = {0.1, 0.9, 0.2, 0.8};
  for (const Scored& scored : {Scored{2, one.data(), nullptr, p.data(), 1},
                               Scored{4, wrong.data(), nullptr, q.data(), 1}, Scored{}}) {
    const Calibration found = fit_calibration(Problem::binary, scored);
    EXPECT_EQ(found.slope, 1);
    EXPECT_EQ(found.offset, 0);
  }
}

TEST(CalibrateTest, ManyClassesHaveOneTemperature) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0, 1);
  std::uniform_real_distribution<double> uniform(0, 1);
  const int64_t rows = 100000, classes = 3;
  Values p, target;
  for (int64_t i = 0; i < rows; ++i) {
    Values z(classes), truth(classes), sharp(classes);
    double truths = 0, sharps = 0;
    for (int64_t k = 0; k < classes; ++k) {
      z[k] = normal(random);
      truths += truth[k] = std::exp(z[k]);
      sharps += sharp[k] = std::exp(2.5 * z[k]);
    }
    double u = uniform(random) * truths;
    int64_t chosen = 0;
    while (chosen + 1 < classes && (u -= truth[chosen]) > 0) ++chosen;
    target.push_back(double(chosen));
    for (int64_t k = 0; k < classes; ++k) p.push_back(sharp[k] / sharps);
  }
  const Calibration found =
      fit_calibration(Problem::multiclass, {rows, target.data(), nullptr, p.data(), classes});
  EXPECT_NEAR(found.slope, 1 / 2.5, 0.01);
  Values out(p.begin(), p.begin() + 3);
  calibrate(found, 1, classes, out.data());
  EXPECT_NEAR(out[0] + out[1] + out[2], 1, 1e-12);
}

}  // namespace
}  // namespace gristmill
