#include "learn/permutation.h"

#include <gtest/gtest.h>

#include <random>

#include "learn/test_dataset.h"

namespace gristmill {
namespace {

// Says 3 · x0 + x1, and looks at nothing else.
class Sum : public Model {
 public:
  std::string kind() const override { return "linear"; }
  int64_t outputs() const override { return 1; }
  void predict(const FeatureRows& rows, double* out) const override {
    for (int64_t i = 0; i < rows.rows; ++i) {
      const float* row = rows.floats + i * rows.float_stride;
      out[i] = 3 * double(row[0]) + double(row[1]);
    }
  }
  State save() const override { return {}; }
  std::unique_ptr<Explainer> make_explainer(const FeatureLayout&) const override { return nullptr; }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout&,
                                                    const FeatureRows&) const override {
    return nullptr;
  }
};

TestDataset numbers(int64_t rows) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, 1);
  TestDataset data(Problem::regression, 0, 3, {4});
  data.add(Fold::train, 10, [](int64_t, float*, int32_t*) { return 0.0; });
  data.add(Fold::validate, rows, [&](int64_t, float* floats, int32_t* codes) {
    for (int j = 0; j < 3; ++j) floats[j] = float(normal(random));
    codes[0] = int32_t(random() % 4);
    return 3 * double(floats[0]) + double(floats[1]);
  });
  data.add(Fold::test, 10, [](int64_t, float*, int32_t*) { return 0.0; });
  return data;
}

// A shuffled x of weight w moves the answer by w (x' − x): the squared error becomes 2 w².
TEST(Permutation, WhatIsLostIsWhatTheColumnTells) {
  const MetricKind& rmse = Metrics::instance().get("rmse", "metric");
  const auto losses = permutation_importance(Sum(), numbers(4000), Fold::validate, rmse, {}, 0);
  ASSERT_EQ(losses.size(), 4u);
  EXPECT_EQ(losses[0].column, "x0");
  EXPECT_NEAR(losses[0].loss, 3 * std::sqrt(2.0), 0.15);
  EXPECT_EQ(losses[1].column, "x1");
  EXPECT_NEAR(losses[1].loss, std::sqrt(2.0), 0.05);
  EXPECT_EQ(losses[2].loss, 0);
  EXPECT_EQ(losses[3].loss, 0);
  EXPECT_GT(losses[0].spread, 0);
}

TEST(Permutation, LossesOfScoresThatShouldBeHighArePositive) {
  const MetricKind& r2 = Metrics::instance().get("r2", "metric");
  const auto losses = permutation_importance(Sum(), numbers(500), Fold::validate, r2, {}, 0);
  EXPECT_GT(losses[0].loss, 1);
}

TEST(Permutation, IsTheSameForAnyNumberOfThreads) {
  const MetricKind& rmse = Metrics::instance().get("rmse", "metric");
  const TestDataset data = numbers(6000);  // more than are looked at
  const auto one = permutation_importance(Sum(), data, Fold::validate, rmse, {}, 1);
  const auto three = permutation_importance(Sum(), data, Fold::validate, rmse, {}, 3);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].column, three[i].column);
    EXPECT_EQ(one[i].loss, three[i].loss);
  }
}

TEST(Permutation, NothingWhereTheScoreIsNotDefined) {
  TestDataset data(Problem::binary, 2, 1, {});
  data.add(Fold::validate, 20, [](int64_t i, float* floats, int32_t*) {
    floats[0] = float(i);
    return 1.0;  // one class only
  });
  const MetricKind& auc = Metrics::instance().get("auc", "metric");
  class Constant : public Sum {
    void predict(const FeatureRows& rows, double* out) const override {
      std::fill_n(out, rows.rows, 0.5);
    }
  };
  EXPECT_TRUE(permutation_importance(Constant(), data, Fold::validate, auc, {}, 0).empty());
}

}  // namespace
}  // namespace gristmill
