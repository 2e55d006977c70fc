#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/evaluate.h"
#include "learn/lightgbm_data.h"
#include "learn/metrics.h"
#include "learn/test_dataset.h"
#include "model/trees.h"

namespace gristmill {
namespace {

// Numbers with holes and ties, categories with missing and rare levels, and a target from both.
TestDataset some_data(Problem problem, int classes, bool weighted = false, double noise = 1,
                      int64_t rows = 3000) {
  TestDataset data(problem, classes, 4, {40, 5}, weighted);
  std::mt19937 random(6);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t* codes) {
    for (int j = 0; j < 4; ++j) {
      x[j] = float(normal(random)) * (j == 3 ? 1e6f : 1);
      if (random() % 10 == 0) x[j] = NAN;
      if (j == 1) x[j] = std::round(x[j]);
    }
    codes[0] = int32_t(std::min(random() % 40, random() % 40));
    codes[1] = int32_t(random() % 5);
    double score = (std::isnan(x[0]) ? 0.7 : std::sin(2 * x[0])) + std::cos(codes[0]) +
                   (codes[1] == 0 ? 1 : 0) + noise * normal(random);
    if (problem == Problem::regression) return 50 + 10 * score;
    return std::clamp(std::floor(score + classes / 2.0), 0.0, double(classes - 1));
  };
  data.add(Fold::train, rows, make);
  data.add(Fold::validate, 800, make);
  data.add(Fold::test, 800, make);
  return data;
}

// All rows as LightGBM's prediction takes them.
std::vector<float> matrix_of(const DatasetRows& rows, const FeatureLayout& layout) {
  std::vector<float> out;
  for (int64_t i = 0; i < rows.features.rows; ++i) {
    for (int64_t j = 0; j < layout.floats; ++j) {
      out.push_back(rows.features.floats[i * layout.floats + j]);
    }
    for (int64_t c = 0; c < layout.codes; ++c) {
      out.push_back(float(rows.features.codes[i * layout.codes + c]));
    }
  }
  return out;
}

// Of LightGBM, by row: each output's features and, behind them, its base.
std::vector<double> lightgbms_contributions(void* booster, const std::vector<float>& matrix,
                                            int64_t rows, int64_t outputs) {
  std::vector<double> out(size_t(rows * outputs * 7));
  int64_t count = 0;
  lightgbm_check(lightgbm().BoosterPredictForMat(booster, matrix.data(), C_API_DTYPE_FLOAT32,
                                                 int32_t(rows), 6, 1, C_API_PREDICT_CONTRIB, 0, -1,
                                                 "num_threads=2", &count, out.data()));
  EXPECT_EQ(size_t(count), out.size());
  return out;
}

// `slope`: of the logistic link; LightGBM's contributions are before it.
void expect_lightgbms_contributions(const Model& model, const TestDataset& data,
                                    const std::vector<double>& expected, double slope,
                                    const std::string& what) {
  const DatasetRows rows = data.fold_slice(Fold::test);
  const auto explainer = model.make_explainer(data.info().layout);
  ASSERT_EQ(explainer->features(), 6);
  const int64_t outputs = model.outputs();
  std::vector<double> found(size_t(rows.features.rows * outputs * 6));
  explainer->explain(rows.features, found.data());
  for (int64_t i = 0; i < rows.features.rows * outputs; ++i) {
    for (int64_t f = 0; f < 6; ++f)
      ASSERT_NEAR(found[i * 6 + f], slope * expected[i * 7 + f], 1e-6) << what << i << " " << f;
    ASSERT_NEAR(explainer->base()[i % outputs], slope * expected[i * 7 + 6], 1e-6) << what;
  }
}

void expect_lightgbms_predictions(const TestDataset& data, const std::string& more) {
  const std::string params =
      "verbosity=-1 deterministic=true force_row_wise=true num_threads=2 categorical_feature=4,5 " +
      more;
  const LightgbmDataset training = make_lightgbm_data(data, Fold::train, params, nullptr);
  void* handle = nullptr;
  lightgbm_check(lightgbm().BoosterCreate(training.get(), params.c_str(), &handle));
  const LightgbmBooster booster(handle);
  int finished = 0;
  for (int i = 0; i < 30; ++i)
    lightgbm_check(lightgbm().BoosterUpdateOneIter(booster.get(), &finished));
  int64_t size = 0;
  lightgbm_check(lightgbm().BoosterSaveModelToString(booster.get(), 0, -1, 1, 0, &size, nullptr));
  std::string text(size_t(size), ' ');
  lightgbm_check(
      lightgbm().BoosterSaveModelToString(booster.get(), 0, -1, 1, size, &size, text.data()));
  const auto model = read_lightgbm(text, data.info().layout);

  const DatasetRows rows = data.fold_slice(Fold::test);
  const std::vector<float> matrix = matrix_of(rows, data.info().layout);
  const std::vector<double> found = predictions(*model, data, Fold::test);
  std::vector<double> expected(found.size());
  int64_t count = 0;
  lightgbm_check(lightgbm().BoosterPredictForMat(
      booster.get(), matrix.data(), C_API_DTYPE_FLOAT32, int32_t(rows.features.rows), 6, 1,
      C_API_PREDICT_NORMAL, 0, -1, "num_threads=2", &count, expected.data()));
  ASSERT_EQ(size_t(count), expected.size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-6) << more << i;

  expect_lightgbms_contributions(
      *model, data,
      lightgbms_contributions(booster.get(), matrix, rows.features.rows, model->outputs()),
      more.ends_with("sigmoid=0.5") ? 0.5 : 1, more);

  std::vector<double> gain(6);
  lightgbm_check(lightgbm().BoosterFeatureImportance(booster.get(), -1, 1, gain.data()));
  double total = 0;
  for (double value : gain) total += value;
  const std::vector<double> importance = model->importance();
  for (size_t s = 0; s < 6; ++s) EXPECT_NEAR(importance[s], gain[s] / total, 1e-4);
}

TEST(BoostedTrees, PredictAsLightgbmDoes) {
  const TestDataset binary = some_data(Problem::binary, 2);
  for (const std::string more :
       {"objective=binary", "objective=binary sigmoid=0.5", "objective=binary num_leaves=255",
        "objective=binary use_missing=false", "objective=binary zero_as_missing=true",
        "objective=binary num_leaves=2", "objective=binary max_bin=8 min_data_per_group=1",
        "objective=binary max_cat_to_onehot=50", "objective=binary boost_from_average=false"}) {
    expect_lightgbms_predictions(binary, more);
  }
  const TestDataset number = some_data(Problem::regression, 0, true);
  for (const std::string more :
       {"objective=regression", "objective=regression_l1", "objective=huber",
        "objective=quantile alpha=0.9", "objective=poisson", "objective=gamma",
        "objective=tweedie tweedie_variance_power=1.3", "objective=fair", "objective=mape",
        "objective=regression extra_trees=true"}) {
    expect_lightgbms_predictions(number, more);
  }
  expect_lightgbms_predictions(some_data(Problem::multiclass, 4, true),
                               "objective=multiclass num_class=4");
}

TEST(BoostedTrees, LearnEachProblem) {
  const TestDataset binary = some_data(Problem::binary, 2, false, 0.3),
                    number = some_data(Problem::regression, 0, true, 0.3),
                    three = some_data(Problem::multiclass, 3, false, 0.3);
  auto score = [](const TestDataset& data, const char* metric) {
    return evaluate(*train_for_test("boosted-trees", data), data, Fold::test, 2).at(metric);
  };
  EXPECT_GT(score(binary, "auc"), 0.95);
  EXPECT_GT(score(number, "r2"), 0.85);
  EXPECT_GT(score(three, "accuracy"), 0.8);
}

// Each loss answers what it is of: about as good by its own metric as LightGBM can be.
TEST(BoostedTrees, LearnByEachLoss) {
  const TestDataset data = some_data(Problem::regression, 0, true, 0.3);
  for (const char* loss :
       {"squared", "mae", "huber", "fair", "mape", "poisson", "gamma", "tweedie"}) {
    const auto model = train_for_test("boosted-trees", data, {{"loss", loss}});
    EXPECT_GT(evaluate(*model, data, Fold::test, 2).at("r2"), 0.7) << loss;
  }
  for (double alpha : {0.1, 0.9}) {
    const auto model =
        train_for_test("boosted-trees", data, {{"loss", "quantile"}, {"alpha", alpha}});
    const std::vector<double> found = predictions(*model, data, Fold::test);
    const DatasetRows rows = data.fold_slice(Fold::test);
    double below = 0;
    for (size_t i = 0; i < found.size(); ++i) below += rows.target[i] <= found[i];
    EXPECT_NEAR(below / double(found.size()), alpha, 0.1);
  }
}

TEST(BoostedTrees, EqualBytesForAnyThreads) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass}) {
    const TestDataset data = some_data(problem, problem == Problem::multiclass ? 3 : 2);
    const nlohmann::json params = {{"trees", 20}, {"row_fraction", 0.7}, {"feature_fraction", 0.7}};
    const std::string one = train_for_test("boosted-trees", data, params, 1)->save().digest_hex();
    for (int threads : {2, 7}) {
      EXPECT_EQ(train_for_test("boosted-trees", data, params, threads)->save().digest_hex(), one);
    }
  }
}

int64_t trees_of(const Model& model) {
  return int64_t(model.save().get<int32_t>("leaves").size()) / model.outputs();
}

TEST(BoostedTrees, StopWhenValidateGetsNoBetter) {
  const TestDataset data = some_data(Problem::binary, 2, false, 3);
  const int64_t trees = trees_of(*train_for_test("boosted-trees", data, {{"patience", 10}}));
  EXPECT_LT(trees, 100);
  EXPECT_EQ(trees_of(*train_for_test("boosted-trees", data, {{"patience", 0}, {"trees", 120}})),
            120);
  // The trees kept are the best number of them: the first of a longer training.
  const auto stopped =
      predictions(*train_for_test("boosted-trees", data, {{"patience", 10}}), data, Fold::test);
  const auto short_run =
      predictions(*train_for_test("boosted-trees", data, {{"patience", 0}, {"trees", trees}}), data,
                  Fold::test);
  EXPECT_EQ(stopped, short_run);
}

TEST(BoostedTrees, FeaturesThatSayNothingGiveTheMean) {
  TestDataset data(Problem::binary, 2, 1, {});
  auto make = [](int64_t i, float* x, int32_t*) { return x[0] = 1, double(i % 4 == 0); };
  data.add(Fold::train, 200, make);
  data.add(Fold::validate, 200, make);
  for (double p : predictions(*train_for_test("boosted-trees", data), data, Fold::validate)) {
    EXPECT_NEAR(p, 0.25, 1e-6);
  }
}

TEST(BoostedTrees, NeedValidateRowsAndFeatures) {
  TestDataset train_only(Problem::binary, 2, 1, {}), featureless(Problem::binary, 2, 0, {});
  auto make = [](int64_t i, float*, int32_t*) { return double(i % 2); };
  train_only.add(Fold::train, 100, make);
  featureless.add(Fold::train, 100, make);
  featureless.add(Fold::validate, 100, make);
  EXPECT_THROW(train_for_test("boosted-trees", train_only), Error);
  EXPECT_THROW(train_for_test("boosted-trees", featureless), Error);
}

TEST(Evaluate, EqualForAnyThreadsAndMissingFoldsAreNan) {
  const TestDataset data = some_data(Problem::binary, 2, true, 1, 9000);
  const auto model = train_for_test("boosted-trees", data, {{"trees", 5}});
  const auto one = evaluate(*model, data, Fold::train, 1);
  EXPECT_EQ(one, evaluate(*model, data, Fold::train, 7));
  const auto all = predictions(*model, data, Fold::train);
  const DatasetRows rows = data.fold_slice(Fold::train);
  EXPECT_EQ(one, score_all(Problem::binary, {9000, rows.target, rows.weight, all.data(), 1}));
  TestDataset empty(Problem::binary, 2, 4, {40, 5});
  EXPECT_TRUE(std::isnan(evaluate(*model, empty, Fold::test, 2).at("auc")));
}

}  // namespace
}  // namespace gristmill
