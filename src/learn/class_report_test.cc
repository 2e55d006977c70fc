#include "learn/class_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace gristmill {
namespace {

using Values = std::vector<double>;
using Json = nlohmann::json;

Json report(const Values& target, const Values& predicted, int64_t outputs,
            const std::vector<std::string>& classes, const Values& weight = {}) {
  return class_report({int64_t(target.size()), target.data(),
                       weight.empty() ? nullptr : weight.data(), predicted.data(), outputs},
                      classes);
}

TEST(ClassReport, CountsAnswersAtAHalf) {
  const Json found =
      report({0, 0, 0, 1, 1}, {.1, .5, .7, .4999, .9}, 1, {"no", "yes"})["confusion"];
  EXPECT_EQ(found["classes"], Json({"no", "yes"}));
  EXPECT_EQ(found["rows"], Json({{1, 2}, {1, 1}}));
  EXPECT_EQ(found["mixed_up"], Json::parse(R"([{"is": "no", "answered": "yes", "rows": 2},
                                               {"is": "yes", "answered": "no", "rows": 1}])"));
}

TEST(ClassReport, OfSeveralClassesTheMostProbableIsAnswered) {
  const Json found = report({0, 2, 2}, {.5, .3, .2, .1, .5, .4, .1, .1, .8}, 3, {"a", "b", "c"});
  EXPECT_EQ(found["confusion"]["rows"], Json({{1, 0, 0}, {0, 0, 0}, {0, 1, 1}}));
  EXPECT_EQ(found["confusion"]["mixed_up"].size(), 1);
  // Answered with .5, .5, .8; right are the first and the last.
  EXPECT_NEAR(found["calibration"]["predicted"].get<double>(), 1.8 / 3, 1e-12);
  EXPECT_NEAR(found["calibration"]["observed"].get<double>(), 2.0 / 3, 1e-12);
}

TEST(ClassReport, ManyClassesAreToldByTheirMostFrequentMistakes) {
  std::vector<std::string> classes;
  Values target, predicted;
  for (int k = 0; k < 60; ++k) classes.push_back("c" + std::to_string(k));
  for (int k = 0; k < 60; ++k) {
    for (int again = 0; again < 1 + (k == 7); ++again) {
      target.push_back(k);
      for (int c = 0; c < 60; ++c) predicted.push_back(c == (k + 1) % 60);
    }
  }
  const Json found = report(target, predicted, 60, classes)["confusion"];
  EXPECT_FALSE(found.contains("rows"));
  EXPECT_EQ(found["mixed_up"].size(), 10);
  EXPECT_EQ(found["mixed_up"][0], Json::parse(R"({"is": "c7", "answered": "c8", "rows": 2})"));
}

// By hand: ten rows are ten bins; equal probabilities share one.
TEST(ClassReport, BinsHoldEquallyManyRows) {
  Values target, predicted;
  for (int i = 0; i < 40; ++i) {
    predicted.push_back(i / 40.0);
    target.push_back(i % 2);
  }
  const Json even = report(target, predicted, 1, {"no", "yes"})["calibration"];
  ASSERT_EQ(even["bins"].size(), 10);
  double error = 0;
  for (int b = 0; b < 10; ++b) {
    const double mean = (4 * b + 1.5) / 40;
    EXPECT_EQ(even["bins"][b]["rows"], 4);
    EXPECT_NEAR(even["bins"][b]["predicted"].get<double>(), mean, 1e-12);
    EXPECT_NEAR(even["bins"][b]["observed"].get<double>(), 0.5, 1e-12);
    error += std::abs(mean - 0.5) / 10;
  }
  EXPECT_NEAR(even["error"].get<double>(), error, 1e-12);
  const Json same = report(target, Values(40, 0.25), 1, {"no", "yes"})["calibration"];
  EXPECT_EQ(same["bins"].size(), 1);
  EXPECT_NEAR(same["error"].get<double>(), 0.25, 1e-12);
}

TEST(ClassReport, WeightsCountInMeans) {
  const Json found = report({0, 1}, {.5, .5}, 1, {"no", "yes"}, {1, 3})["calibration"];
  EXPECT_NEAR(found["observed"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(found["error"].get<double>(), 0.25, 1e-12);
}

TEST(ClassReport, HonestProbabilitiesHaveLittleError) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0, 1);
  Values target, honest, bold;
  for (int i = 0; i < 50000; ++i) {
    const double p = share(random);
    honest.push_back(p);
    bold.push_back(p > 0.5 ? 1 - (1 - p) / 4 : p / 4);
    target.push_back(share(random) < p);
  }
  EXPECT_LT(report(target, honest, 1, {"no", "yes"})["calibration"]["error"], 0.012);
  EXPECT_GT(report(target, bold, 1, {"no", "yes"})["calibration"]["error"], 0.15);
}

TEST(ClassReport, WithoutRowsThereIsNothingToSay) {
  EXPECT_EQ(report({}, {}, 1, {"no", "yes"}), Json::object());
  EXPECT_EQ(report({1, 0}, {NAN, .5}, 1, {"no", "yes"}), Json::object());
}

}  // namespace
}  // namespace gristmill
