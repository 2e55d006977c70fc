#include "model/tree_shap.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/quadrature.h"
#include "model/test_forest.h"
#include "model/tree_engine.h"

namespace gristmill {
namespace {

// Children's rows before their parents'.
double rows_below(const Forest& forest, int64_t first_node, int64_t first_leaf, int32_t at) {
  if (at < 0) return forest.leaf_count[first_leaf - 1 - at];
  return rows_below(forest, first_node, first_leaf, forest.left[first_node + at]) +
         rows_below(forest, first_node, first_leaf, forest.right[first_node + at]);
}

struct Game {
  const Forest& forest;
  const FeatureLayout& layout;
  const FeatureRows& rows;
  int64_t row, first_node = 0, first_leaf = 0;

  double x(int64_t feature) const {
    return feature < layout.floats
               ? double(rows.floats[row * rows.float_stride + feature])
               : double(rows.codes[row * rows.code_stride + feature - layout.floats]);
  }
  // What the tree answers when the features of the bits in `known` are.
  double value(int32_t at, uint32_t known) const {
    if (at < 0)
      return forest.leaf_value[first_leaf - 1 - at] *
             (forest.link == Link::logistic ? forest.slope : 1);
    const int64_t node = first_node + at, feature = forest.feature[node];
    const int32_t left = forest.left[node], right = forest.right[node];
    if (known >> feature & 1)
      return value(goes_left(forest, node, x(feature)) ? left : right, known);
    const double all = rows_below(forest, first_node, first_leaf, at);
    const double share = all > 0 ? rows_below(forest, first_node, first_leaf, left) / all : 0.5;
    return share * value(left, known) + (1 - share) * value(right, known);
  }
};

double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

// Shapley's formula over all subsets: [outputs][features], then the bases.
std::vector<double> brute_force(const Forest& forest, const FeatureLayout& layout,
                                const FeatureRows& rows, int64_t row) {
  const int features = int(layout.floats + layout.codes);
  std::vector<double> out(size_t(forest.outputs * (features + 1)), 0);
  Game game{forest, layout, rows, row};
  for (int64_t t = 0; t < forest.trees(); ++t) {
    const int64_t k = t % forest.outputs;
    const int32_t root = forest.leaves[t] > 1 ? 0 : -1;
    std::vector<double> values;
    for (uint32_t known = 0; known < 1u << features; ++known)
      values.push_back(game.value(root, known));
    for (int f = 0; f < features; ++f) {
      for (uint32_t known = 0; known < values.size(); ++known) {
        if (known >> f & 1) continue;
        const int size = __builtin_popcount(known);
        out[size_t(k * features + f)] += factorial(size) * factorial(features - size - 1) /
                                         factorial(features) *
                                         (values[known | 1u << f] - values[known]);
      }
    }
    out[size_t(forest.outputs * features + k)] += values[0];
    game.first_node += forest.leaves[t] - 1;
    game.first_leaf += forest.leaves[t];
  }
  return out;
}

void expect_shapley(const ForestShape& shape, uint32_t seed) {
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, seed);
  random.forest.slope = 1.25;
  if (shape.outputs == 1 && seed % 2 == 0) random.forest.link = Link::logistic;
  RandomRows data(shape, 21);
  const auto explainer = make_tree_shap(random.forest, layout);
  const int64_t width = explainer->features() * shape.outputs;
  ASSERT_EQ(explainer->features(), layout.floats + layout.codes);
  std::vector<double> out(size_t(data.rows.rows * width));
  explainer->explain(data.rows, out.data());
  for (int64_t i = 0; i < data.rows.rows; ++i) {
    const auto expected = brute_force(random.forest, layout, data.rows, i);
    for (int64_t j = 0; j < width; ++j)
      EXPECT_NEAR(out[size_t(i * width + j)], expected[size_t(j)], 1e-9)
          << "seed " << seed << ", row " << i << ", " << j;
    for (int64_t k = 0; k < shape.outputs; ++k)
      EXPECT_NEAR(explainer->base()[size_t(k)], expected[size_t(width + k)], 1e-9);
  }
}

TEST(TreeShap, IsShapleysFormula) {
  for (uint32_t seed = 0; seed < 12; ++seed) expect_shapley({.trees = 4}, seed);
}
TEST(TreeShap, OfFewFeaturesAskedAgainAndAgain) {
  for (uint32_t seed = 0; seed < 6; ++seed)
    expect_shapley({.floats = 2, .codes = 1, .trees = 3, .leaves_max = 60}, seed);
}
TEST(TreeShap, OfPathsThatAskMoreFeaturesThanARegisterHasPointsFor) {
  for (uint32_t seed = 0; seed < 2; ++seed)
    expect_shapley({.floats = 9, .codes = 2, .trees = 2, .leaves_max = 120}, seed);
}
TEST(TreeShap, OfClassesAndZerosAsMissing) {
  expect_shapley({.trees = 3, .outputs = 3}, 1);
  expect_shapley({.trees = 3, .zeros_missing = true}, 2);
  expect_shapley({.floats = 0, .levels = 300, .trees = 3}, 3);
  expect_shapley({.leaves_max = 1}, 4);
}

// A path of as many features as there are: a chain.
Forest chain(int features) {
  Forest forest;
  forest.set_offset = {0};
  forest.leaves = {features + 1};
  for (int i = 0; i < features; ++i) {
    forest.feature.push_back(i);
    forest.decision.push_back(Decision::missing_nan);
    forest.threshold.push_back(0.25f + float(i % 3));
    forest.set.push_back(0);
    forest.left.push_back(-1 - i);
    forest.right.push_back(i + 1 < features ? i + 1 : -1 - features);
  }
  for (int i = 0; i <= features; ++i) {
    forest.leaf_value.push_back(double(i % 5) - 2);
    forest.leaf_count.push_back(1 + i % 4);
  }
  forest.importance.resize(size_t(features));
  return forest;
}

TEST(TreeShap, SumsToTheScoreHoweverDeep) {
  for (int features : {1, 8, 9, 17, 64, 200}) {
    const ForestShape shape{.floats = features, .codes = 0};
    const FeatureLayout layout = layout_of(shape);
    Forest forest = chain(features);
    forest.check(layout);
    std::vector<float> x;
    for (int i = 0; i < features; ++i) x.push_back(float(i % 7));
    x.insert(x.end(), size_t(features), 9);
    const FeatureRows rows{2, x.data(), features, nullptr, 0};
    std::vector<double> scores(2), out(size_t(2 * features));
    make_tree_walk(forest, layout)->sum(rows, scores.data());
    const auto explainer = make_tree_shap(forest, layout);
    explainer->explain(rows, out.data());
    for (int64_t i = 0; i < 2; ++i) {
      double sum = explainer->base()[0];
      for (int64_t f = 0; f < features; ++f) sum += out[size_t(i * features + f)];
      EXPECT_NEAR(sum, scores[size_t(i)], 1e-11) << features;
    }
  }
}

TEST(TreeShap, SumsToTheScoreOfRandomRows) {
  const ForestShape shape{.floats = 20, .codes = 6, .trees = 60, .outputs = 2};
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, 5);
  RandomRows data(shape, 50);
  std::vector<double> scores(100), out(100 * 26);
  make_tree_walk(random.forest, layout)->sum(data.rows, scores.data());
  const auto explainer = make_tree_shap(random.forest, layout);
  explainer->explain(data.rows, out.data());
  for (size_t i = 0; i < 100; ++i) {
    double sum = explainer->base()[i % 2];
    for (size_t f = 0; f < 26; ++f) sum += out[i * 26 + f];
    EXPECT_NEAR(sum, scores[i], 1e-9);
  }
}

TEST(TreeShap, ARowGetsTheSameBitsAloneAndAmongOthers) {
  const ForestShape shape{.floats = 12, .leaves_max = 80, .outputs = 2};
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, 6);
  RandomRows data(shape, 30);
  const auto explainer = make_tree_shap(random.forest, layout);
  const size_t width = size_t(explainer->features() * 2);
  std::vector<double> all(30 * width), one(width);
  explainer->explain(data.rows, all.data());
  for (int64_t i = 0; i < 30; ++i) {
    const FeatureRows& rows = data.rows;
    explainer->explain({1, rows.floats + i * rows.float_stride, rows.float_stride,
                        rows.codes + i * rows.code_stride, rows.code_stride},
                       one.data());
    EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + i * int64_t(width)));
  }
}

TEST(TreeShap, TooLargeTablesAreRefused) {
  const ForestShape shape;
  RandomForest random(shape, 1);
  try {
    make_tree_shap(random.forest, layout_of(shape), 10000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
}

TEST(Quadrature, IntegratesPolynomialsExactly) {
  for (int count : {1, 2, 4, 8, 16, 64}) {
    const Quadrature rule = gauss_legendre(count);
    for (int power = 0; power < 2 * count; ++power) {
      double sum = 0;
      for (int q = 0; q < count; ++q)
        sum += rule.weights[size_t(q)] * std::pow(rule.points[size_t(q)], power);
      EXPECT_NEAR(sum, 1.0 / (power + 1), 1e-14) << count << " " << power;
    }
  }
}

}  // namespace
}  // namespace gristmill
