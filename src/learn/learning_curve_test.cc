#include "learn/learning_curve.h"

#include <gtest/gtest.h>

#include "learn/copied_rows.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

TestDataset noisy_line(int64_t train) {
  TestDataset data(Problem::regression, 0, 8, {3});
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  const auto make = [&](int64_t i, float* x, int32_t* codes) {
    for (int j = 0; j < 8; ++j) x[j] = normal(random);
    codes[0] = int32_t(i % 3);
    return double(x[0] - 2 * x[1] + float(codes[0]) + 2 * normal(random));
  };
  data.add(Fold::train, train, make);
  data.add(Fold::validate, 500, make);
  data.add(Fold::test, 10, make);
  return data;
}

std::vector<CurvePoint> curve_of(const Dataset& data, const std::string& learner) {
  const LearnerKind& kind = Learners::instance().get(learner, "model");
  const auto whole = train_for_test(learner, data);
  SilentProgress progress;
  return learning_curve(data, kind, Params(nullptr, kind.params, learner), *whole,
                        Metrics::instance().get("rmse", "metric"), {}, 7, progress);
}

TEST(LearningCurve, FallsToWhatAllRowsReach) {
  const TestDataset data = noisy_line(1600);
  const std::vector<CurvePoint> curve = curve_of(data, "linear");
  ASSERT_EQ(curve.size(), 5u);
  const int64_t rows[] = {100, 200, 400, 800, 1600};
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(double(curve[i].rows), double(rows[i]), 60);
  EXPECT_GT(curve[0].score, curve[4].score);
  EXPECT_NEAR(curve[4].score, 2, 0.15);  // the noise
}

TEST(LearningCurve, OfFewRowsHasFewPoints) {
  EXPECT_EQ(curve_of(noisy_line(300), "linear").size(), 3u);  // about 75 and 150, and 300
  EXPECT_EQ(curve_of(noisy_line(60), "linear").size(), 1u);
}

TEST(CopiedRows, AreTheRowsThatWereAdded) {
  const TestDataset data = noisy_line(100);
  std::vector<bool> skip(data.info().layout.specs.size(), false);
  skip[0] = true;
  CopiedRows some(data, skip);
  some.add(3);
  some.add(97);
  some.end_training();
  some.add(104);
  EXPECT_EQ(some.info().layout.floats, data.info().layout.floats - 1);
  EXPECT_EQ(some.fold_rows(Fold::train), 2);
  EXPECT_EQ(some.fold_rows(Fold::validate), 1);
  EXPECT_EQ(some.fold_rows(Fold::test), 0);
  const DatasetRows copied = some.slice(1, 2), first = data.slice(97, 1), last = data.slice(104, 1);
  const int64_t stride = copied.features.float_stride;
  EXPECT_EQ(copied.features.codes[1], last.features.codes[0]);
  EXPECT_EQ(copied.target[0], first.target[0]);
  EXPECT_EQ(copied.features.floats[stride - 1], first.features.floats[stride]);
  EXPECT_EQ(copied.features.floats[2 * stride - 1], last.features.floats[stride]);
}

}  // namespace
}  // namespace gristmill
