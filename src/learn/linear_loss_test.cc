// The answers are held to those of scikit-learn 1.9.1 over the same rows one-hot encoded:
// PoissonRegressor(alpha=l2 / sum of weights, tol=1e-12), and the value that
// QuantileRegressor(alpha=l2 / sum of weights) minimises.
#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/evaluate.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

TestDataset rows_of(bool weighted, bool counts) {
  TestDataset data(Problem::regression, 0, 6, {5}, weighted);
  auto make = [&](int64_t i, float* x, int32_t* codes) {
    for (int j = 0; j < 6; ++j) x[j] = float(std::sin(0.7 * double(i) * (j + 1) + j));
    codes[0] = int32_t(i * 7 % 5);
    const double number = 3.0 * x[0] - 2.0 * x[1] + 0.5 * x[2] + std::cos(1.3 * double(i)) * 1.5 +
                          (codes[0] == 2 ? 2 : 0) + 10;
    return counts ? std::floor(std::exp((number - 10) / 3)) : number;
  };
  data.add(Fold::train, 200, make);
  data.add(Fold::validate, 100, make);
  return data;
}

TEST(LinearLoss, CountsAreAnsweredAsScikitLearnDoes) {
  for (const auto& [weighted, expected] : std::map<bool, std::vector<double>>{
           {false, {0.2289487203, 1.469630662, 3.357887599, 4.016510966, 0.6272838818}},
           {true, {0.1998395279, 1.31962856, 3.379912628, 3.929933927, 0.6244642518}}}) {
    const TestDataset data = rows_of(weighted, true);
    const auto model = train_for_test("linear", data, {{"loss", "poisson"}, {"l2", 2}});
    const std::vector<double> found = predictions(*model, data, Fold::train);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6);
    EXPECT_EQ(model->save().at<int>("version"), 3);
    const auto again =
        Models::instance().get("linear", "model").load(model->save(), data.info().layout);
    EXPECT_EQ(predictions(*again, data, Fold::train), found);
  }
}

TEST(LinearLoss, SparseCountsAreTheSameAtTheLimit) {
  const TestDataset data = rows_of(true, true);
  const auto ridge = train_for_test("linear", data, {{"loss", "poisson"}, {"l2", 0.5}});
  const auto almost =
      train_for_test("linear", data, {{"loss", "poisson"}, {"l2", 0.5}, {"l1_ratio", 1e-9}});
  const auto a = predictions(*ridge, data, Fold::train),
             b = predictions(*almost, data, Fold::train);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

struct Case {
  double alpha, l2;
  bool weighted;
  double least;
};

TEST(LinearLoss, QuantilesAreAtScikitLearnsMinimum) {
  for (const Case& one : {Case{0.5, 0, false, 90.48446545}, Case{0.5, 0, true, 180.0352216},
                          Case{0.5, 3, false, 112.8991220}, Case{0.5, 3, true, 204.0891077},
                          Case{0.9, 0, false, 29.04020007}, Case{0.9, 0, true, 58.05443756},
                          Case{0.9, 3, false, 50.87988213}, Case{0.9, 3, true, 80.16766148}}) {
    const TestDataset data = rows_of(one.weighted, false);
    const auto model = train_for_test(
        "linear", data,
        {{"loss", "quantile"}, {"alpha", one.alpha}, {"l2", one.l2}, {"l1_ratio", 1}});
    const DatasetRows rows = data.fold_slice(Fold::train);
    const std::vector<double> found = predictions(*model, data, Fold::train);
    const State state = model->save();
    double value = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      const double missing = rows.target[i] - found[i];
      value +=
          (one.weighted ? rows.weight[i] : 1) * (missing > 0 ? one.alpha : one.alpha - 1) * missing;
    }
    for (const char* name : {"weights", "code_weights"})
      for (double w : state.get<double>(name)) value += one.l2 * std::abs(w);
    EXPECT_NEAR(value / one.least, 1, 3e-4) << one.alpha << " " << one.l2 << " " << one.weighted;
  }
}

TEST(LinearLoss, QuantilesByRidgeCoverTheirShare) {
  TestDataset data(Problem::regression, 0, 2, {});
  std::mt19937 random(5);
  std::exponential_distribution<double> skewed;
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t*) {
    x[0] = float(normal(random));
    x[1] = float(normal(random));
    return 1000 * (2 * x[0] + skewed(random));
  };
  data.add(Fold::train, 4000, make);
  data.add(Fold::validate, 4000, make);
  for (double alpha : {0.1, 0.5, 0.9}) {
    const auto model = train_for_test("linear", data, {{"loss", "quantile"}, {"alpha", alpha}});
    const std::vector<double> found = predictions(*model, data, Fold::validate);
    const DatasetRows rows = data.fold_slice(Fold::validate);
    double below = 0;
    for (size_t i = 0; i < found.size(); ++i) below += rows.target[i] <= found[i];
    EXPECT_NEAR(below / 4000, alpha, 0.02);
  }
}

TEST(LinearLoss, EqualBytesForAnyThreads) {
  TestDataset data(Problem::regression, 0, 2, {4}, true);
  auto make = [&](int64_t i, float* x, int32_t* codes) {
    x[0] = float(std::sin(double(i)));
    x[1] = float(std::cos(3.0 * double(i)));
    codes[0] = int32_t(i % 4);
    return double(i * 7919 % 5);
  };
  data.add(Fold::train, 2 * 65536 + 5, make);
  data.add(Fold::validate, 100, make);
  for (const char* loss : {"poisson", "quantile"}) {
    const nlohmann::json params = {{"loss", loss}, {"iterations", 2}};
    EXPECT_EQ(train_for_test("linear", data, params, 1)->save().digest_hex(),
              train_for_test("linear", data, params, 7)->save().digest_hex());
  }
}

std::string refusal(const std::string& learner, const TestDataset& data,
                    const nlohmann::json& params) {
  try {
    train_for_test(learner, data, params);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.what();
  }
  return "";
}

TEST(Losses, RefuseTargetsThatAreNoneOfTheirs) {
  TestDataset negative(Problem::regression, 0, 1, {}), zeros(Problem::regression, 0, 1, {}),
      classes(Problem::binary, 2, 1, {});
  for (Fold fold : {Fold::train, Fold::validate}) {
    negative.add(fold, 50, [](int64_t i, float* x, int32_t*) {
      return x[0] = float(i % 7), i == 20 ? -3.0 : 2.0 + double(i % 3);
    });
    zeros.add(fold, 50, [](int64_t i, float* x, int32_t*) { return x[0] = float(i % 7), 0.0; });
    classes.add(fold, 50,
                [](int64_t i, float* x, int32_t*) { return x[0] = float(i % 7), double(i % 2); });
  }
  for (const std::string learner : {"linear", "boosted-trees", "baseline"}) {
    EXPECT_NE(refusal(learner, negative, {{"loss", "poisson"}}).find("there is one of -3"),
              std::string::npos);
    EXPECT_NE(refusal(learner, zeros, {{"loss", "poisson"}}).find("all training targets are 0"),
              std::string::npos);
    EXPECT_NE(refusal(learner, classes, {{"loss", "poisson"}}).find("is of numbers"),
              std::string::npos);
    EXPECT_NE(refusal(learner, classes, {{"loss", "poison"}}).find("one of"), std::string::npos);
  }
  EXPECT_NE(refusal("boosted-trees", zeros, {{"loss", "gamma"}}).find("above 0"),
            std::string::npos);
}

TEST(Losses, ConstantTargetsAndFewRowsAreLearned) {
  TestDataset data(Problem::regression, 0, 3, {});
  auto make = [](int64_t i, float* x, int32_t*) {
    x[0] = float(i);
    x[1] = 1e-42f;
    x[2] = NAN;
    return 3.0;
  };
  data.add(Fold::train, 40, make);
  data.add(Fold::validate, 5, make);
  for (const std::string learner : {"linear", "boosted-trees", "baseline"})
    for (const char* loss : {"poisson", "quantile"})
      for (double value :
           predictions(*train_for_test(learner, data, {{"loss", loss}}), data, Fold::validate))
        EXPECT_NEAR(value, 3, 1e-4) << learner << loss;
}

TEST(BaselineLearner, AnswersTheBestConstantOfALoss) {
  TestDataset data(Problem::regression, 0, 1, {}, true);  // weights 1, 2, 3, 1, 2
  data.add(Fold::train, 5, [](int64_t i, float*, int32_t*) {
    return std::vector{1.0, 40.0, -3.0, 2.0, 7.0}[size_t(i)];
  });
  auto answer = [&](const nlohmann::json& params) {
    return predictions(*train_for_test("baseline", data, params), data, Fold::train)[0];
  };
  EXPECT_EQ(answer({{"loss", "mae"}}), 2);  // −3 has a third of the weight, 1 and 2 bring a half
  EXPECT_EQ(answer({{"loss", "quantile"}, {"alpha", 0.1}}), -3);
  EXPECT_EQ(answer({{"loss", "quantile"}, {"alpha", 0.7}}), 7);
  EXPECT_EQ(answer({{"loss", "quantile"}, {"alpha", 0.9}}), 40);
  EXPECT_NEAR(answer({{"loss", "squared"}}), (1 + 80 - 9 + 2 + 14) / 9.0, 1e-12);
}

TEST(LossMetrics, AreScikitLearns) {
  const double target[] = {0, 1, 2, 5}, one_more[] = {1, 2, 3, 6}, weight[] = {1, 2, 1, 3},
               predicted[] = {0.5, 1.5, 2, 3}, negative[] = {0.5, -1, 2, 3};
  auto score = [&](const char* metric, const double* truth, const double* answer) {
    return Metrics::instance()
        .get(metric, "metric")
        .score({4, truth, weight, answer, 1, {.alpha = 0.9, .power = 1.7}});
  };
  EXPECT_NEAR(score("pinball", target, predicted), 0.7928571428571429, 1e-12);
  EXPECT_NEAR(score("poisson_deviance", target, predicted), 0.6718440400781518, 1e-12);
  EXPECT_NEAR(score("gamma_deviance", one_more, predicted), 0.403785340404331, 1e-12);
  EXPECT_NEAR(score("tweedie_deviance", target, predicted), 1.0133773936471981, 1e-12);
  EXPECT_NEAR(score("mape", one_more, predicted), (0.5 + 2 * 0.25 + 1.0 / 3 + 3 * 0.5) / 7, 1e-12);
  for (const char* metric : {"poisson_deviance", "gamma_deviance", "tweedie_deviance"})
    EXPECT_TRUE(std::isnan(score(metric, target, negative))) << metric;
}

}  // namespace
}  // namespace gristmill
