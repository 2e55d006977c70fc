#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/evaluate.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

TestDataset rows_of(Problem problem, bool weighted) {
  TestDataset data(problem, problem == Problem::multiclass ? 3 : 2, 6, {}, weighted);
  auto make = [&](int64_t i, float* x, int32_t*) {
    for (int j = 0; j < 6; ++j) x[j] = float(std::sin(0.7 * double(i) * (j + 1) + j));
    const double number = 3.0 * x[0] - 2.0 * x[1] + 0.5 * x[2] + std::cos(1.3 * double(i)) * 1.5 +
                          (i * 7 % 5 == 2 ? 2 : 0) + 10;
    if (problem == Problem::binary) return double(number > 11);
    if (problem == Problem::multiclass) return std::clamp(std::floor((number - 7) / 3), 0.0, 2.0);
    return number;
  };
  data.add(Fold::train, 200, make);
  data.add(Fold::validate, 100, make);
  return data;
}

struct Case {
  Problem problem;
  bool weighted;
  std::vector<double> expected;  // of the first rows
};

// Of scikit-learn 1.9.1, DecisionTreeRegressor and DecisionTreeClassifier(max_depth=3,
// min_samples_leaf=15); the shares of all rows added to a leaf's as one row.
TEST(Tree, AnswersAsScikitLearn) {
  for (const Case& one : std::vector<Case>{
           {Problem::regression, false, {8.070456424, 11.6266167, 14.29254927, 14.29254927}},
           {Problem::regression, true, {8.879537924, 11.15422732, 12.78544195, 15.56078268}},
           {Problem::binary,
            false,
            {0.06148148148, 0.986122449, 0.986122449, 0.986122449, 0.004848484848}},
           {Problem::binary, true, {0.01286632423, 0.9860876681, 0.9860876681, 0.9860876681}},
           {Problem::multiclass, false, {0.8887058824, 0.1089411765, 0.002352941176, 0.2389473684}},
           {Problem::multiclass,
            true,
            {0.9476691729, 0.04700501253, 0.005325814536, 0.2517982262}}}) {
    const TestDataset data = rows_of(one.problem, one.weighted);
    const auto model = train_for_test("tree", data, {{"depth", 3}, {"min_rows", 15}});
    const std::vector<double> found = predictions(*model, data, Fold::train);
    for (size_t i = 0; i < one.expected.size(); ++i)
      EXPECT_NEAR(found[i], one.expected[i], 1e-8) << name_of(one.problem) << one.weighted << i;
    const auto again =
        Models::instance().get(model->kind(), "model").load(model->save(), data.info().layout);
    EXPECT_EQ(predictions(*again, data, Fold::train), found);
  }
}

// The answer of a leaf is the mean of its own rows: by what is missing and by categories, too.
TEST(Tree, MissingValuesAndCategoriesGoWhereTheyBelong) {
  TestDataset data(Problem::regression, 0, 2, {6});
  std::mt19937 random(2);
  auto make = [&](int64_t, float* x, int32_t* codes) {
    x[0] = random() % 3 == 0 ? NAN : float(random() % 100) / 100;
    x[1] = float(random() % 1000);
    codes[0] = int32_t(random() % 6);
    return (std::isnan(x[0]) ? 5.0
            : x[0] > 0.5     ? 2.0
                             : 0.0) +
           (codes[0] == 1 || codes[0] == 4 ? 10 : 0);
  };
  data.add(Fold::train, 3000, make);
  data.add(Fold::validate, 500, make);
  const auto model = train_for_test("tree", data, {{"depth", 3}});
  const std::vector<double> found = predictions(*model, data, Fold::validate);
  const DatasetRows rows = data.fold_slice(Fold::validate);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], rows.target[i], 0.02);
  const std::vector<double> importance = model->importance();
  EXPECT_GT(importance[2], importance[0]);
  EXPECT_EQ(importance[1], 0);
  EXPECT_NE(model->make_explainer(data.info().layout), nullptr);
}

TEST(Tree, EqualBytesForAnyThreadsAndWithinItsLimits) {
  const TestDataset data = rows_of(Problem::multiclass, true);
  const auto one = train_for_test("tree", data, {{"depth", 2}}, 1)->save();
  EXPECT_EQ(one.digest_hex(), train_for_test("tree", data, {{"depth", 2}}, 7)->save().digest_hex());
  for (int32_t leaves : one.get<int32_t>("leaves")) EXPECT_LE(leaves, 4);
  const State large = train_for_test("tree", data, {{"min_rows", 60}})->save();
  for (int32_t rows : large.get<int32_t>("leaf_count")) EXPECT_GE(rows, 60);
}

TEST(Tree, OddRowsAreLearned) {
  TestDataset odd(Problem::regression, 0, 4, {3}), constant(Problem::regression, 0, 1, {});
  auto make = [](int64_t i, float* x, int32_t* codes) {
    x[0] = i % 2 ? INFINITY : -INFINITY;
    x[1] = float(i % 3) * 1e-42f;
    x[2] = NAN;
    x[3] = 5;
    codes[0] = 1;
    return double(i % 3);
  };
  odd.add(Fold::train, 90, make);
  odd.add(Fold::validate, 9, make);
  const auto found = predictions(*train_for_test("tree", odd), odd, Fold::validate);
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(found[i], double(i % 3));
  constant.add(Fold::train, 30,
               [](int64_t i, float* x, int32_t*) { return x[0] = float(i), 4.25; });
  constant.add(Fold::validate, 3,
               [](int64_t i, float* x, int32_t*) { return x[0] = float(i), 4.25; });
  for (double answer : predictions(*train_for_test("tree", constant), constant, Fold::validate))
    EXPECT_EQ(answer, 4.25);
  TestDataset missing_class(Problem::multiclass, 3, 1, {});
  missing_class.add(Fold::train, 60, [](int64_t i, float* x, int32_t*) {
    return x[0] = float(i % 2), double(i % 2);
  });
  const auto shares =
      predictions(*train_for_test("tree", missing_class), missing_class, Fold::train);
  for (size_t i = 2; i < shares.size(); i += 3) EXPECT_NEAR(shares[i], 0, 1e-9);
}

TEST(Tree, TellsItsRules) {
  TestDataset data(Problem::binary, 2, 1, {4});
  auto make = [](int64_t i, float* x, int32_t* codes) {
    x[0] = float(i % 10);
    codes[0] = int32_t(i % 4);
    return double(i % 10 > 5);
  };
  data.add(Fold::train, 400, make);
  const LearnerKind& kind = Learners::instance().get("tree", "model");
  SilentProgress progress;
  TrainContext context{.progress = progress};
  kind.train(data, Params({{"depth", 1}}, kind.params, "tree"), context);
  EXPECT_EQ(context.learned.at("rules"),
            (nlohmann::json{"x0 ≤ 5.5 or missing: c0 100.0 % (240 rows)",
                            "x0 > 5.5: c1 100.0 % (160 rows)"}));
}

}  // namespace
}  // namespace gristmill
