#include "learn/decide.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace gristmill {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

struct Rows {
  Values target, probability, weight;
  Scored scored() const {
    return {int64_t(target.size()), target.data(), weight.empty() ? nullptr : weight.data(),
            probability.data(), 1};
  }
};

// Probabilities of few values, so that many rows share one.
Rows random_rows(int64_t count, uint64_t seed, bool weighted) {
  std::mt19937_64 random(seed);
  Rows rows;
  for (int64_t i = 0; i < count; ++i) {
    rows.probability.push_back(double(random() % 40) / 40);
    rows.target.push_back(double(random() % 40) < 40 * rows.probability.back() ? 1 : 0);
    if (weighted) rows.weight.push_back(double(random() % 5));
  }
  rows.target[0] = 1;
  if (weighted) rows.weight[0] = 1;
  return rows;
}

json at(const char* decide, double threshold, const Rows& rows) {
  return decision_scores(Decide::parse(json::parse(decide)), threshold, rows.scored());
}

// Held against every threshold that tells two rows apart.
TEST(DecideTest, TheThresholdIsTheBestThereIs) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Rows rows = random_rows(200, seed, seed % 2 == 1);
    const auto choose = [&](const char* decide) {
      return choose_threshold(Decide::parse(json::parse(decide)), rows.scored());
    };
    const char* cost = R"({"cost": {"missed": 7, "false_alarm": 2}})";
    const char* recall = R"({"recall": 0.8})";
    const char* precision = R"({"precision": 0.75})";
    double least = INFINITY, highest = -1, lowest = 2;
    for (int step = -1; step <= 80; ++step) {
      const double threshold = double(step) / 80 + 1e-9;
      least = std::min(least, at(cost, threshold, rows).at("cost").get<double>());
      const json found = at(recall, threshold, rows);
      if (found.at("recall").get<double>() >= 0.8) highest = std::max(highest, threshold);
      if (found.at("precision").is_number() && found.at("precision").get<double>() >= 0.75)
        lowest = std::min(lowest, threshold);
    }
    EXPECT_NEAR(at(cost, choose(cost), rows).at("cost").get<double>(), least, 1e-12) << seed;
    EXPECT_GE(at(recall, choose(recall), rows).at("recall").get<double>(), 0.8) << seed;
    EXPECT_NEAR(choose(recall), highest, 1.0 / 40) << seed;
    EXPECT_GE(at(precision, choose(precision), rows).at("precision").get<double>(), 0.75) << seed;
    EXPECT_NEAR(choose(precision), lowest, 1.0 / 40) << seed;
  }
}

TEST(DecideTest, EndsOfTheRange) {
  const Rows rows{{0, 1, 0, 1}, {0.2, 0.4, 0.6, 1.0}, {}};
  EXPECT_EQ(choose_threshold(Decide::parse({{"threshold", 0.3}}), rows.scored()), 0.3);
  EXPECT_DOUBLE_EQ(choose_threshold(Decide::parse({{"recall", 1}}), rows.scored()), 0.3);
  EXPECT_DOUBLE_EQ(choose_threshold(Decide::parse({{"recall", 0.5}}), rows.scored()), 0.8);
  const json all = {{"cost", {{"missed", 1}, {"false_alarm", 0}}}};
  EXPECT_LE(choose_threshold(Decide::parse(all), rows.scored()), 0.4);
  const json none = {{"cost", {{"missed", 0}, {"false_alarm", 1}}}};
  EXPECT_GT(choose_threshold(Decide::parse(none), rows.scored()), 1.0);
}

TEST(DecideTest, WhatCannotBeDecided) {
  for (const char* wrong :
       {"{}", "[]", "0.3", R"({"threshold": 2})", R"({"recall": 0})", R"({"recal": 0.5})",
        R"({"recall": 0.5, "precision": 0.5})", R"({"cost": {"missed": 1}})",
        R"({"cost": {"missed": -1, "false_alarm": 1}})",
        R"({"cost": {"missed": 0, "false_alarm": 0}})"})
    EXPECT_THROW(Decide::parse(json::parse(wrong)), Error) << wrong;
  const Rows rows{{0, 1, 0, 1}, {0.9, 0.4, 0.6, 0.1}, {}};
  try {
    choose_threshold(Decide::parse({{"precision", 0.9}}), rows.scored());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("0.500"), std::string::npos) << error.hint();
  }
  const Rows none{{0, 0}, {0.9, 0.4}, {}};
  EXPECT_THROW(choose_threshold(Decide::parse({{"recall", 0.9}}), none.scored()), Error);
}

TEST(DecideTest, IsReadAsItIsWritten) {
  for (const json& given :
       {json{{"threshold", 0.25}}, json{{"recall", 0.5}}, json{{"precision", 0.75}},
        json{{"cost", {{"missed", 10.0}, {"false_alarm", 1.0}}}}})
    EXPECT_EQ(Decide::parse(given).json(), given);
}

}  // namespace
}  // namespace gristmill
