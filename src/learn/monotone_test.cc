#include "learn/monotone.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

TestDataset some_data(Problem problem) {
  TestDataset data(problem, problem == Problem::multiclass ? 3 : 2, 3, {4});
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t* codes) {
    for (int j = 0; j < 3; ++j) x[j] = float(normal(random));
    codes[0] = int32_t(random() % 4);
    const double score = x[0] + std::sin(3 * x[0]) - x[1] + std::cos(4 * x[1]) + normal(random);
    return problem == Problem::regression ? 10 + score : double(score > 0);
  };
  data.add(Fold::train, 2000, make);
  data.add(Fold::validate, 400, make);
  return data;
}

// How far the answers go against `sign` along feature `j`, at most.
double against(const Model& model, int j, double sign) {
  double most = 0;
  for (float other : {-1.0f, 0.0f, 1.0f}) {
    double last = NAN;
    for (int s = -300; s <= 300; ++s) {
      std::vector<float> x = {other, other, other};
      x[size_t(j)] = float(s) / 100;
      int32_t code = 2;
      FeatureRows row{1, x.data(), 3, &code, 1};
      double answer = 0;
      model.predict(row, &answer);
      if (!std::isnan(last)) most = std::max(most, sign * (last - answer));
      last = answer;
    }
  }
  return most;
}

TEST(Monotone, TheAnswerOnlyRisesOrFalls) {
  const nlohmann::json monotone = {{"x0", "increasing"}, {"x1", "decreasing"}};
  for (const auto& [problem, loss] :
       std::vector<std::pair<Problem, const char*>>{{Problem::regression, "squared"},
                                                    {Problem::regression, "huber"},
                                                    {Problem::regression, "tweedie"},
                                                    {Problem::binary, ""}}) {
    TestDataset data = some_data(problem);
    nlohmann::json params = nlohmann::json::object();
    if (loss[0] != 0) params["loss"] = loss;
    if (std::string(loss) == "tweedie")
      data = [] {
        TestDataset positive(Problem::regression, 0, 3, {4});
        const TestDataset any = some_data(Problem::regression);
        for (Fold fold : {Fold::train, Fold::validate}) {
          const DatasetRows rows = any.fold_slice(fold);
          positive.add(fold, rows.features.rows, [&](int64_t i, float* x, int32_t* codes) {
            std::copy_n(rows.features.floats + 3 * i, 3, x);
            codes[0] = rows.features.codes[i];
            return std::max(0.0, rows.target[i]);
          });
        }
        return positive;
      }();
    const auto free = train_for_test("boosted-trees", data, params);
    params["monotone"] = monotone;
    const auto held = train_for_test("boosted-trees", data, params);
    EXPECT_GT(against(*free, 0, 1), 0.01);
    EXPECT_EQ(against(*held, 0, 1), 0) << loss;
    EXPECT_EQ(against(*held, 1, -1), 0) << loss;
  }
}

std::string refusal(Problem problem, const nlohmann::json& params) {
  const TestDataset data = some_data(problem);
  const LearnerKind& kind = Learners::instance().get("boosted-trees", "model");
  try {
    kind.check(Params(params, kind.params, "it"));
    train_for_test("boosted-trees", data, params);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.what();
  }
  return "";
}

TEST(Monotone, RefusesWhatHasNoOrder) {
  const Problem number = Problem::regression;
  auto contains = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  contains(refusal(number, {{"monotone", {{"c0", "increasing"}}}}), "c0 is a category");
  contains(refusal(number, {{"monotone", {{"x9", "increasing"}}}}), "x9, which is no feature");
  contains(refusal(number, {{"monotone", {{"x0", "rising"}}}}), "increasing or decreasing");
  contains(refusal(number, {{"monotone", {{"x0", "increasing"}}}, {"loss", "mae"}}),
           "the loss mae");
  contains(refusal(Problem::multiclass, {{"monotone", {{"x0", "increasing"}}}}), "two classes");
  FeatureLayout wide({{"t", TensorKind::block, {"t_hour", "t_day"}, "t"}});
  EXPECT_THROW(monotone_directions({{"t", "increasing"}}, {.layout = wide}), Error);
  EXPECT_TRUE(monotone_directions(nullptr, {.layout = wide}).empty());
}

}  // namespace
}  // namespace gristmill
