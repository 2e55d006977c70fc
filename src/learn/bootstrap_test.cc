#include "learn/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace gristmill {
namespace {

using Values = std::vector<double>;

struct Rows {
  Values target, predicted, weight;
  int64_t outputs = 1;
  Scored scored() const {
    return {int64_t(target.size()), target.data(), weight.empty() ? nullptr : weight.data(),
            predicted.data(), outputs};
  }
};

Rows binary_rows(int count, uint32_t seed, bool weighted = false) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> share(0, 1);
  Rows rows;
  for (int i = 0; i < count; ++i) {
    const double p = std::round(share(random) * 100) / 100;  // with ties
    rows.predicted.push_back(p);
    rows.target.push_back(share(random) < 0.2 + 0.5 * p);
    if (weighted) rows.weight.push_back(double(random() % 4));
  }
  return rows;
}

Rows regression_rows(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 1);
  Rows rows;
  for (int i = 0; i < count; ++i) {
    rows.predicted.push_back(3 * noise(random));
    rows.target.push_back(rows.predicted.back() + noise(random) * (1 + (i % 3)));
  }
  return rows;
}

// The bootstrap as in the books: rows drawn with replacement, each metric computed anew.
Interval by_the_book(const MetricKind& metric, const Rows& rows, int resamples) {
  std::mt19937 random(99);
  Values scores;
  for (int r = 0; r < resamples; ++r) {
    Rows drawn;
    drawn.outputs = rows.outputs;
    for (size_t i = 0; i < rows.target.size(); ++i) {
      const size_t at = random() % rows.target.size();
      drawn.target.push_back(rows.target[at]);
      for (int64_t k = 0; k < rows.outputs; ++k)
        drawn.predicted.push_back(rows.predicted[at * size_t(rows.outputs) + size_t(k)]);
      if (!rows.weight.empty()) drawn.weight.push_back(rows.weight[at]);
    }
    scores.push_back(metric.score(drawn.scored()));
  }
  std::sort(scores.begin(), scores.end());
  return {scores[size_t(0.025 * resamples)], scores[size_t(0.975 * resamples)]};
}

// Ends within a fifth of the width: what 400 resamples leave open.
void expect_as_by_the_book(Problem problem, const Rows& rows) {
  const auto found = resample(metrics_for(problem), rows.scored(), 2);
  ASSERT_EQ(found.size(), metrics_for(problem).size());
  for (const MetricKind* metric : metrics_for(problem)) {
    const Interval ours = found.at(metric->name).interval();
    const Interval peer = by_the_book(*metric, rows, 2000);
    const double width = peer.high - peer.low;
    EXPECT_GT(width, 0) << metric->name;
    EXPECT_NEAR(ours.low, peer.low, 0.2 * width) << metric->name;
    EXPECT_NEAR(ours.high, peer.high, 0.2 * width) << metric->name;
    EXPECT_EQ(found.at(metric->name).score, metric->score(rows.scored()));
  }
}

TEST(Bootstrap, AgreesWithDrawingRows) {
  expect_as_by_the_book(Problem::binary, binary_rows(500, 1));
  expect_as_by_the_book(Problem::binary, binary_rows(500, 2, true));
  expect_as_by_the_book(Problem::regression, regression_rows(500, 3));
  Rows three = {.target = {}, .predicted = {}, .weight = {}, .outputs = 3};
  std::mt19937 random(4);
  for (int i = 0; i < 500; ++i) {
    double p[3], sum = 0;
    for (double& x : p) sum += x = 1 + double(random() % 100);
    for (const double x : p) three.predicted.push_back(x / sum);
    three.target.push_back(std::discrete_distribution<int>(p, p + 3)(random));
  }
  expect_as_by_the_book(Problem::multiclass, three);
}

// 95 of 100 intervals hold the truth: here, within what 200 trials leave open.
TEST(Bootstrap, HoldsTheTruthAsOftenAsItSays) {
  const MetricKind& accuracy = Metrics::instance().get("accuracy", "metric");
  int held = 0;
  for (uint32_t trial = 0; trial < 200; ++trial) {
    std::mt19937 random(1000 + trial);
    Rows rows;
    for (int i = 0; i < 200; ++i) {
      rows.predicted.push_back(1);
      rows.target.push_back(random() % 10 < 7);
    }
    const Interval interval = resample({&accuracy}, rows.scored(), 1).at("accuracy").interval();
    held += interval.low <= 0.7 && 0.7 <= interval.high;
  }
  EXPECT_GE(held, 182);
  EXPECT_LE(held, 198);
}

// Of many rows a part is resampled: the interval is as wide as that of all rows would be.
TEST(Bootstrap, OfManyRowsIsAsNarrowAsTheyAllow) {
  Rows rows;
  constexpr int count = 400000;
  std::mt19937 random(8);
  for (int i = 0; i < count; ++i) {
    rows.predicted.push_back(1);
    rows.target.push_back(random() % 4 > 0);
  }
  const MetricKind& accuracy = Metrics::instance().get("accuracy", "metric");
  const Resampled found = resample({&accuracy}, rows.scored(), 2).at("accuracy");
  const double score = found.score, expected = 2 * 1.96 * std::sqrt(score * (1 - score) / count);
  const Interval interval = found.interval();
  EXPECT_NEAR(interval.high - interval.low, expected, 0.15 * expected);
  EXPECT_LT(interval.low, score);
  EXPECT_GT(interval.high, score);
}

// Two models that err on the same rows are told apart by far less than each of them is sure of.
TEST(Bootstrap, DifferencesAreOfPairs) {
  const Rows rows = binary_rows(1000, 6);
  Rows better = rows;
  for (size_t i = 0; i < better.predicted.size(); ++i)
    better.predicted[i] += 0.05 * (better.target[i] - 0.5);
  const MetricKind& auc = Metrics::instance().get("auc", "metric");
  const Resampled a = resample({&auc}, better.scored(), 2).at("auc");
  const Resampled b = resample({&auc}, rows.scored(), 1).at("auc");
  const Interval apart = difference(a, b).interval();
  EXPECT_NEAR(difference(a, b).score, a.score - b.score, 1e-15);
  EXPECT_GT(apart.low, 0);
  EXPECT_LT(a.interval().low, b.interval().high);
  EXPECT_LT(apart.high - apart.low, 0.3 * (b.interval().high - b.interval().low));
}

TEST(Bootstrap, IsTheSameForAnyNumberOfThreads) {
  const Rows rows = binary_rows(3000, 5);
  const auto metrics = metrics_for(Problem::binary);
  const auto one = resample(metrics, rows.scored(), 1);
  for (const int threads : {2, 7}) {
    for (const auto& [name, resampled] : resample(metrics, rows.scored(), threads))
      EXPECT_EQ(resampled.resamples, one.at(name).resamples) << name;
  }
}

TEST(Bootstrap, WhatIsNotDefinedHasNoInterval) {
  const Rows one_class = {.target = {1, 1, 1}, .predicted = {.2, .3, .4}, .weight = {}};
  const auto found = resample(metrics_for(Problem::binary), one_class.scored(), 1);
  EXPECT_TRUE(found.at("auc").interval().json().is_null());
  EXPECT_TRUE(std::isnan(Interval::from_json(nullptr).low));
  const Interval loss = found.at("log_loss").interval();
  EXPECT_EQ(Interval::from_json(loss.json()).high, loss.high);
  const MetricKind& log_loss = Metrics::instance().get("log_loss", "metric");
  EXPECT_TRUE(resample({&log_loss}, {}, 2).at("log_loss").interval().json().is_null());
}

TEST(Bootstrap, FoldsAreSurerThanOneOfThem) {
  const MetricKind& auc = Metrics::instance().get("auc", "metric");
  std::vector<Resampled> folds;
  for (unsigned seed = 1; seed <= 4; ++seed)
    folds.push_back(resample({&auc}, binary_rows(800, seed).scored(), 1).at("auc"));
  const Resampled mean = mean_of(folds, 4);
  EXPECT_NEAR(mean.score, (folds[0].score + folds[1].score + folds[2].score + folds[3].score) / 4,
              1e-12);
  const auto width = [](const Resampled& of) { return of.interval().high - of.interval().low; };
  EXPECT_NEAR(width(mean), width(folds[0]) / 2, 0.15 * width(folds[0]));
  // The same rows once more say nothing new of how sure it is.
  std::vector<Resampled> repeated = folds;
  repeated.insert(repeated.end(), folds.begin(), folds.end());
  EXPECT_NEAR(width(mean_of(repeated, 4)), width(mean), 1e-12);
  EXPECT_EQ(mean_of({folds[0]}, 1).resamples, folds[0].resamples);
}

TEST(Bootstrap, AFoldWithoutAScoreLeavesNoMean) {
  const MetricKind& auc = Metrics::instance().get("auc", "metric");
  const Rows one_class = {.target = {1, 1, 1}, .predicted = {.2, .3, .4}, .weight = {}};
  const Resampled none = resample({&auc}, one_class.scored(), 1).at("auc");
  const Resampled some = resample({&auc}, binary_rows(800, 1).scored(), 1).at("auc");
  EXPECT_TRUE(std::isnan(mean_of({none, some}, 2).score));
  EXPECT_TRUE(mean_of({none, some}, 2).interval().json().is_null());
  EXPECT_TRUE(std::isnan(mean_of({}, 0).score));
  EXPECT_EQ(mean_of({some, some}, 0).score, some.score);
  EXPECT_TRUE(mean_of({some, some}, 0).interval().json().is_null());
}

// Rows in the order of their key may be hard and easy in stretches: with the same weights in each
// fold, the folds would err together.
TEST(Bootstrap, FoldsOfOtherSeedsDoNotErrTogether) {
  const MetricKind& mae = Metrics::instance().get("mae", "metric");
  Rows stretch = {.target = std::vector<double>(1000, 0), .predicted = {}, .weight = {}};
  for (int i = 0; i < 1000; ++i) stretch.predicted.push_back(i < 100 ? 10 : 0.1);
  std::vector<Resampled> same, other;
  for (uint64_t fold = 0; fold < 8; ++fold) {
    same.push_back(resample({&mae}, stretch.scored(), 1).at("mae"));
    other.push_back(resample({&mae}, stretch.scored(), 1, fold).at("mae"));
  }
  const auto width = [](const std::vector<Resampled>& folds) {
    const Interval interval = mean_of(folds, folds.size()).interval();
    return interval.high - interval.low;
  };
  EXPECT_NEAR(width(other) / width(same), 1 / std::sqrt(8), 0.1);
}

}  // namespace
}  // namespace gristmill
