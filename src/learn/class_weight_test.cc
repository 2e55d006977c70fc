#include "learn/class_weight.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

// A tenth of the rows are of the second class, where x0 is large.
TestDataset rare(bool weighted = false) {
  TestDataset data(Problem::binary, 2, 2, {}, weighted);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  auto make = [&](int64_t, float* x, int32_t*) {
    x[0] = float(normal(random));
    x[1] = float(normal(random));
    return double(x[0] + normal(random) > 1.9);
  };
  data.add(Fold::train, 2000, make);
  data.add(Fold::validate, 600, make);
  data.add(Fold::test, 600, make);
  return data;
}

// The same rows, weighed by hand.
class Weighed : public Dataset {
 public:
  Weighed(const Dataset& data, std::vector<double> of_class) : data_(data), info_(data.info()) {
    const DatasetRows rows = data.slice(0, data.rows());
    for (int64_t i = 0; i < data.rows(); ++i)
      weight_.push_back((rows.weight == nullptr ? 1 : rows.weight[i]) *
                        of_class[size_t(rows.target[i])]);
    info_.weighted = true;
  }
  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return data_.rows(); }
  DatasetRows slice(int64_t begin, int64_t count) const override {
    DatasetRows rows = data_.slice(begin, count);
    rows.weight = weight_.data() + begin;
    return rows;
  }
  int64_t fold_begin(Fold fold) const override { return data_.fold_begin(fold); }
  int64_t fold_rows(Fold fold) const override { return data_.fold_rows(fold); }

 private:
  const Dataset& data_;
  DatasetInfo info_;
  std::vector<double> weight_;
};

TEST(ClassWeight, IsRowWeightsByClass) {
  for (const bool weighted : {false, true}) {
    const TestDataset data = rare(weighted);
    for (const std::string learner : {"linear", "boosted-trees"}) {
      const auto asked = train_for_test(learner, data, {{"class_weight", {{"c1", 7.5}}}});
      const auto by_hand = train_for_test(learner, Weighed(data, {1, 7.5}));
      EXPECT_EQ(predictions(*asked, data, Fold::test), predictions(*by_hand, data, Fold::test));
    }
  }
}

TEST(ClassWeight, BalancedClassesWeighTheSame) {
  const TestDataset data = rare();
  const DatasetRows rows = data.fold_slice(Fold::train);
  double positive = 0;
  for (int64_t i = 0; i < 2000; ++i) positive += rows.target[i];
  const auto balanced = train_for_test("linear", data, {{"class_weight", "balanced"}, {"l2", 1}});
  const auto by_hand = train_for_test(
      "linear", data,
      {{"class_weight", {{"c0", 1000 / (2000 - positive)}, {"c1", 1000 / positive}}}, {"l2", 1}});
  EXPECT_EQ(predictions(*balanced, data, Fold::test), predictions(*by_hand, data, Fold::test));
  double mean = 0;
  for (double p : predictions(*balanced, data, Fold::train)) mean += p / 2000;
  EXPECT_GT(mean, positive / 2000 + 0.15);
}

TEST(ClassWeight, OtherWeightsAreRefused) {
  const std::vector<ParamDoc> docs = {class_weight_param()};
  for (const nlohmann::json& bad :
       {nlohmann::json(3), nlohmann::json::object(), {{"c1", 0}}, {{"c1", -2}}, {{"c1", "much"}}})
    EXPECT_THROW(check_class_weight(Params({{"class_weight", bad}}, docs, "it")), Error);
  const TestDataset data = rare();
  try {
    train_for_test("linear", data, {{"class_weight", {{"c11", 2}}}});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.hint()).find("c1"), std::string::npos);
  }
  TestDataset number(Problem::regression, 0, 1, {});
  number.add(Fold::train, 30,
             [](int64_t i, float* x, int32_t*) { return x[0] = float(i), double(i); });
  EXPECT_THROW(train_for_test("linear", number, {{"class_weight", "balanced"}}), Error);
}

}  // namespace
}  // namespace gristmill
