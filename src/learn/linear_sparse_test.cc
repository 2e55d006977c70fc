// The answers are held to those of scikit-learn 1.9.1 (tol=1e-14) over the same rows one-hot
// encoded: ElasticNet(alpha=l2 / sum of weights, l1_ratio), LogisticRegression(C=1 / l2, l1_ratio,
// solver="saga").
#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

double number_of(int64_t i, float* x, int32_t* codes) {
  for (int j = 0; j < 6; ++j) x[j] = float(std::sin(0.7 * double(i) * (j + 1) + j));
  codes[0] = int32_t(i * 7 % 5);
  return 3.0 * x[0] - 2.0 * x[1] + 0.5 * x[2] + std::cos(1.3 * double(i)) * 1.5 +
         (codes[0] == 2 ? 2 : 0) + 10;
}

TestDataset rows_of(Problem problem, bool weighted) {
  TestDataset data(problem, problem == Problem::multiclass ? 3 : 2, 6, {5}, weighted);
  auto make = [&](int64_t i, float* x, int32_t* codes) {
    const double number = number_of(i, x, codes);
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
  double l2, l1_ratio;
  std::vector<double> expected;  // of the first rows
};

TEST(SparseLinear, AnswersAsScikitLearn) {
  const Problem number = Problem::regression, binary = Problem::binary, three = Problem::multiclass;
  for (const Case& one : std::vector<Case>{
           {number, false, 10, 1, {9.000568154, 11.82238678, 13.93637153, 14.66967342}},
           {number, true, 10, 1, {8.988312514, 11.89966247, 13.90359841, 14.82811894}},
           {number, false, 40, 1, {9.101226884, 11.32935269, 13.81116711, 14.0060617}},
           {number, true, 40, 1, {8.964737803, 11.66556756, 14.03962731, 14.45816592}},
           {number, false, 20, 0.5, {9.163770044, 11.54237622, 13.6397157, 14.3235401}},
           {number, true, 20, 0.5, {9.070505284, 11.72972368, 13.77719469, 14.65765591}},
           {binary, true, 2, 1, {0.0183410286, 0.7891145624, 0.9665756638, 0.9856806275}},
           {binary, true, 5, 0.5, {0.06266037528, 0.5800938901, 0.9049000571, 0.9290245637}},
           {three, true, 2, 1, {0.8944484119, 0.1030173298, 0.002534258233, 0.07874427416}},
           {three, true, 5, 0.5, {0.8668031707, 0.1143643811, 0.01883244815, 0.1562258471}}}) {
    const TestDataset data = rows_of(one.problem, one.weighted);
    const auto model = train_for_test("linear", data, {{"l2", one.l2}, {"l1_ratio", one.l1_ratio}});
    const std::vector<double> found = predictions(*model, data, Fold::train);
    for (size_t i = 0; i < one.expected.size(); ++i)
      EXPECT_NEAR(found[i], one.expected[i], 1e-6) << one.l2 << " " << one.l1_ratio << " " << i;
  }
}

int64_t kept(const Model& model) {
  const State state = model.save();
  int64_t count = 0;
  for (const char* name : {"weights", "code_weights"})
    for (double w : state.get<double>(name)) count += w != 0;
  return count;
}

// A square, a border and a diagonal of the Hessian: what is left out of it costs steps alone.
TestDataset many_levels(Problem problem, int64_t rows) {
  TestDataset data(problem, 3, 3, {700, 900, 40});
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t* codes) {
    for (int j = 0; j < 3; ++j) x[j] = float(normal(random));
    codes[0] = int32_t(random() % 700);
    codes[1] = int32_t(random() % 900);
    codes[2] = int32_t(random() % 40);
    const double score = x[0] + (codes[0] % 50 == 0 ? 3 : 0) + (codes[1] % 100 == 0 ? -2 : 0) +
                         std::sin(codes[2]) + normal(random);
    if (problem == Problem::regression) return score;
    return problem == Problem::binary ? double(score > 0) : double(score > 1) + double(score > -1);
  };
  data.add(Fold::train, rows, make);
  data.add(Fold::validate, 500, make);
  return data;
}

// At the minimum the derivative of the loss by a weight is −l1 · its sign, or within ±l1 of 0.
void expect_minimum(const TestDataset& data, const Model& model, double l1, double within) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const FeatureLayout& layout = data.info().layout;
  const std::vector<double> answers = predictions(model, data, Fold::train);
  const State state = model.save();
  const auto weights = state.get<double>("weights"), levels = state.get<double>("code_weights");
  const auto offsets = state.get<int64_t>("code_offset");
  const int64_t outputs = model.outputs(), level_count = int64_t(levels.size()) / outputs;
  for (int64_t k = 0; k < outputs; ++k) {
    std::vector<double> by_weight(layout.floats, 0.0), by_level(level_count, 0.0);
    for (int64_t i = 0; i < rows.features.rows; ++i) {
      const double truth = outputs > 1 ? double(rows.target[i] == double(k)) : rows.target[i];
      const double residual = answers[size_t(i * outputs + k)] - truth;
      for (int64_t j = 0; j < layout.floats; ++j)
        by_weight[size_t(j)] += residual * rows.features.floats[i * layout.floats + j];
      for (int64_t c = 0; c < layout.codes; ++c)
        by_level[size_t(offsets[c] + rows.features.codes[i * layout.codes + c])] += residual;
    }
    auto expect = [&](double slope, double w) {
      if (w == 0) {
        EXPECT_LE(std::abs(slope), l1 + within);
      } else {
        EXPECT_NEAR(slope, w > 0 ? -l1 : l1, within);
      }
    };
    for (int64_t j = 0; j < layout.floats; ++j)
      expect(by_weight[size_t(j)], weights[k * layout.floats + j]);
    for (int64_t l = 0; l < level_count; ++l)
      expect(by_level[size_t(l)], levels[k * level_count + l]);
  }
}

TEST(SparseLinear, ManyLevelsAreAtTheirMinimum) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass}) {
    const TestDataset data = many_levels(problem, 4000);
    const auto model = train_for_test("linear", data, {{"l2", 2}, {"l1_ratio", 1}});
    expect_minimum(data, *model, 2, 1e-2);
    EXPECT_GT(kept(*model), 20);
    EXPECT_LT(kept(*model), 1643 * model->outputs());
  }
}

TEST(SparseLinear, MoreColumnsThanRows) {
  TestDataset data(Problem::regression, 0, 300, {});
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t*) {
    for (int j = 0; j < 300; ++j) x[j] = float(normal(random));
    return 5.0 * x[0] - 4.0 * x[7] + 0.1 * normal(random);
  };
  data.add(Fold::train, 60, make);
  data.add(Fold::validate, 200, make);
  const auto model = train_for_test("linear", data, {{"l2", 5}, {"l1_ratio", 1}});
  expect_minimum(data, *model, 5, 1e-4);
  EXPECT_LT(kept(*model), 60);
  const auto chosen = train_for_test("linear", data, {{"l1_ratio", 1}});
  const auto found = predictions(*chosen, data, Fold::validate);
  const DatasetRows rows = data.fold_slice(Fold::validate);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], rows.target[i], 1.5);
}

TEST(SparseLinear, EqualBytesForAnyThreads) {
  for (Problem problem : {Problem::regression, Problem::multiclass}) {
    const TestDataset data = many_levels(problem, 2 * 65536 + 500);
    const nlohmann::json params = {{"iterations", 2}, {"l1_ratio", 0.5}, {"l2", 10}};
    const std::string one = train_for_test("linear", data, params, 1)->save().digest_hex();
    EXPECT_EQ(train_for_test("linear", data, params, 7)->save().digest_hex(), one);
  }
}

TEST(SparseLinear, NothingRemainsUnderAStrongPenaltyAndOddColumnsDoNoHarm) {
  const TestDataset data = rows_of(Problem::regression, true);
  const auto none = train_for_test("linear", data, {{"l2", 1e6}, {"l1_ratio", 1}});
  EXPECT_EQ(kept(*none), 0);
  TestDataset odd(Problem::binary, 2, 4, {3});
  auto make = [](int64_t i, float* x, int32_t* codes) {
    x[0] = i % 2 ? 1 : -1;  // separates
    x[1] = 5;               // constant
    x[2] = NAN;             // nothing
    x[3] = x[0];            // the same again
    codes[0] = 1;
    return double(i % 2);
  };
  odd.add(Fold::train, 100, make);
  odd.add(Fold::validate, 10, make);
  for (const nlohmann::json& l2 : {nlohmann::json(1e-3), nlohmann::json("auto")}) {
    const auto found = predictions(*train_for_test("linear", odd, {{"l2", l2}, {"l1_ratio", 1}}),
                                   odd, Fold::validate);
    for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i] > 0.5, i % 2 == 1);
  }
}

}  // namespace
}  // namespace gristmill
