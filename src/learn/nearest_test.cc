#include "model/nearest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

TestDataset some_data(Problem problem, bool weighted) {
  TestDataset data(problem, problem == Problem::multiclass ? 3 : 2, 5, {4, 3}, weighted);
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t* codes) {
    for (int j = 0; j < 5; ++j) x[j] = float(normal(random));
    if (random() % 9 == 0) x[2] = NAN;
    codes[0] = int32_t(random() % 4);
    codes[1] = int32_t(random() % 3);
    const double score = x[0] + codes[0];
    return problem == Problem::regression
               ? score
               : std::clamp(std::floor(score), 0.0, problem == Problem::binary ? 1.0 : 2.0);
  };
  data.add(Fold::train, 500, make);
  data.add(Fold::validate, 60, make);
  return data;
}

// By sorting all rows by their distance.
std::vector<double> expected_of(const TestDataset& data, size_t neighbors, bool by_distance) {
  const DatasetRows train = data.fold_slice(Fold::train), asked = data.fold_slice(Fold::validate);
  const size_t outputs = data.info().problem == Problem::multiclass ? 3 : 1;
  std::vector<double> out;
  auto number = [](float x) { return std::isnan(x) ? 0.0 : double(x); };
  for (int64_t i = 0; i < asked.features.rows; ++i) {
    std::vector<std::pair<double, int64_t>> all;
    for (int64_t r = 0; r < train.features.rows; ++r) {
      double sum = 0;
      for (int j = 0; j < 5; ++j)
        sum += std::pow(
            number(asked.features.floats[i * 5 + j]) - number(train.features.floats[r * 5 + j]), 2);
      for (int c = 0; c < 2; ++c)
        sum += asked.features.codes[i * 2 + c] != train.features.codes[r * 2 + c];
      all.emplace_back(sum, r);
    }
    std::sort(all.begin(), all.end());
    std::vector<double> answer(outputs, 0);
    double total = 0;
    for (size_t n = 0; n < neighbors; ++n) {
      const auto [squared, r] = all[n];
      const double w =
          (train.weight == nullptr ? 1 : train.weight[r]) / (by_distance ? std::sqrt(squared) : 1);
      total += w;
      answer[outputs == 1 ? 0 : size_t(train.target[r])] +=
          w * (outputs == 1 ? train.target[r] : 1);
    }
    for (double value : answer) out.push_back(value / total);
  }
  return out;
}

TEST(Nearest, TheNearestRowsAnswer) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass}) {
    for (const bool weighted : {false, true}) {
      for (const char* weights : {"uniform", "distance"}) {
        const TestDataset data = some_data(problem, weighted);
        const auto model =
            train_for_test("nearest", data, {{"neighbors", 7}, {"weights", weights}});
        const auto found = predictions(*model, data, Fold::validate);
        const auto expected = expected_of(data, 7, std::string(weights) == "distance");
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-9) << i;
        const auto again =
            Models::instance().get("nearest", "model").load(model->save(), data.info().layout);
        EXPECT_EQ(predictions(*again, data, Fold::validate), found);
        EXPECT_THROW(again->make_explainer(data.info().layout), Error);
      }
    }
  }
}

TEST(Nearest, ARowThatIsHeldAnswersItselfByDistance) {
  const TestDataset data = some_data(Problem::regression, false);
  const auto model = train_for_test("nearest", data, {{"weights", "distance"}});
  const auto found = predictions(*model, data, Fold::train);
  const DatasetRows rows = data.fold_slice(Fold::train);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], rows.target[i]);
}

TEST(Nearest, FewerRowsThanNeighborsAndALimitOfRows) {
  TestDataset data(Problem::regression, 0, 1, {});
  data.add(Fold::train, 3,
           [](int64_t i, float* x, int32_t*) { return x[0] = float(i), double(i); });
  data.add(Fold::validate, 1, [](int64_t, float* x, int32_t*) { return x[0] = 1e-42f, 0.0; });
  EXPECT_EQ(predictions(*train_for_test("nearest", data), data, Fold::validate)[0], 1);
  EXPECT_EQ(train_for_test("nearest", data, {{"rows", 2}})->save().get<double>("target").size(), 2);
  TestDataset far(Problem::regression, 0, 1, {});
  far.add(Fold::train, 3, [](int64_t, float* x, int32_t*) { return x[0] = INFINITY, 1.0; });
  EXPECT_THROW(train_for_test("nearest", far), Error);
}

TEST(Nearest, DamagedStatesAreRefused) {
  const TestDataset data = some_data(Problem::multiclass, true);
  const State good = train_for_test("nearest", data)->save();
  const auto refused = [&](auto change) {
    State state = good;
    change(state);
    try {
      Models::instance().get("nearest", "model").load(state, data.info().layout);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Code::corrupt || error.code() == Code::invalid) << error.what();
    }
  };
  refused([](State& s) { s.json["neighbors"] = 0; });
  refused([](State& s) { s.json["neighbors"] = int64_t(1) << 60; });
  refused([](State& s) { s.json["outputs"] = 1; });
  refused([](State& s) { s.json["outputs"] = 2; });
  refused([](State& s) { s.json["problem"] = "guess"; });
  refused([](State& s) { s.json["version"] = 2; });
  refused([](State& s) { s.json.erase("by_distance"); });
  refused([](State& s) { s.put("floats", std::vector<float>(7)); });
  refused([](State& s) { s.put("codes", std::vector<int32_t>()); });
  refused([](State& s) { s.put("target", std::vector<double>()); });
  refused([](State& s) { s.put("target", std::vector<double>(500, 3)); });
  refused([](State& s) { s.put("target", std::vector<double>(500, 0.5)); });
  refused([](State& s) { s.put("weight", std::vector<double>(500, 0)); });
  refused([](State& s) { s.put("floats", std::vector<float>(2500, NAN)); });
}

}  // namespace
}  // namespace gristmill
