#include "model/background_shap.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/link.h"
#include "model/test_forest.h"
#include "model/tree_engine.h"

namespace gristmill {
namespace {

double value_at(const FeatureLayout& layout, const FeatureRows& rows, int64_t row,
                int64_t feature) {
  return feature < layout.floats
             ? double(rows.floats[row * rows.float_stride + feature])
             : double(rows.codes[row * rows.code_stride + feature - layout.floats]);
}

struct Game {
  const Forest& forest;
  const FeatureLayout& layout;
  const FeatureRows &rows, &background;
  int64_t row, first_node = 0, first_leaf = 0;

  // What the tree answers when the features of the bits in `known` are the row's and all others
  // those of a background row: the mean over these.
  double value(uint32_t known) const {
    double sum = 0;
    for (int64_t b = 0; b < background.rows; ++b) sum += value(known, b);
    return sum / double(background.rows);
  }
  double value(uint32_t known, int64_t b) const {
    int32_t at = first_leaf_only ? -1 : 0;
    while (at >= 0) {
      const int64_t node = first_node + at, feature = forest.feature[node];
      const double x = known >> feature & 1 ? value_at(layout, rows, row, feature)
                                            : value_at(layout, background, b, feature);
      at = goes_left(forest, node, x) ? forest.left[node] : forest.right[node];
    }
    return forest.leaf_value[first_leaf - 1 - at] *
           (forest.link == Link::logistic ? forest.slope : 1);
  }
  bool first_leaf_only = false;
};

double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

// Shapley's formula over all coalitions: [outputs][features], then the bases.
std::vector<double> brute_force(Game game) {
  const Forest& forest = game.forest;
  const int features = int(game.layout.floats + game.layout.codes);
  std::vector<double> out(size_t(forest.outputs * (features + 1)), 0);
  for (int64_t t = 0; t < forest.trees(); ++t) {
    const int64_t k = t % forest.outputs;
    game.first_leaf_only = forest.leaves[t] == 1;
    std::vector<double> values;
    for (uint32_t known = 0; known < 1u << features; ++known) values.push_back(game.value(known));
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

// Rows of `data` from `first` on.
FeatureRows part_of(const RandomRows& data, int64_t first, int64_t count) {
  FeatureRows rows = data.rows;
  rows.rows = count;
  rows.floats += first * rows.float_stride;
  rows.codes += first * rows.code_stride;
  return rows;
}

void expect_shapley(const ForestShape& shape, uint32_t seed) {
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, seed);
  random.forest.slope = 1.25;
  if (shape.outputs == 1 && seed % 2 == 0) random.forest.link = Link::logistic;
  RandomRows data(shape, 20);
  const FeatureRows rows = part_of(data, 0, 9), background = part_of(data, 8, 12);
  const auto explainer = make_background_shap(random.forest, layout, background);
  ASSERT_EQ(explainer->features(), layout.floats + layout.codes);
  const int64_t width = explainer->features() * shape.outputs;
  std::vector<double> out(size_t(rows.rows * width)), alone(static_cast<size_t>(width));
  explainer->explain(rows, out.data());
  for (int64_t i = 0; i < rows.rows; ++i) {
    const auto expected = brute_force({random.forest, layout, rows, background, i});
    for (int64_t j = 0; j < width; ++j)
      EXPECT_NEAR(out[size_t(i * width + j)], expected[size_t(j)], 1e-9)
          << "seed " << seed << ", row " << i << ", " << j;
    for (int64_t k = 0; k < shape.outputs; ++k)
      EXPECT_NEAR(explainer->base()[size_t(k)], expected[size_t(width + k)], 1e-9);
    explainer->explain(part_of(data, i, 1), alone.data());
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + i * width));
  }
}

TEST(BackgroundShap, IsShapleysFormula) {
  for (uint32_t seed = 0; seed < 12; ++seed) expect_shapley({.trees = 4}, seed);
}
TEST(BackgroundShap, OfFewFeaturesAskedAgainAndAgain) {
  for (uint32_t seed = 0; seed < 6; ++seed)
    expect_shapley({.floats = 2, .codes = 1, .trees = 3, .leaves_max = 60}, seed);
}
TEST(BackgroundShap, OfManyFeatures) {
  for (uint32_t seed = 0; seed < 2; ++seed)
    expect_shapley({.floats = 8, .codes = 2, .trees = 2, .leaves_max = 120}, seed);
}
TEST(BackgroundShap, OfClassesZerosAsMissingAndSingleLeaves) {
  expect_shapley({.trees = 3, .outputs = 3}, 1);
  expect_shapley({.trees = 3, .zeros_missing = true}, 2);
  expect_shapley({.floats = 0, .levels = 300, .trees = 3}, 3);
  expect_shapley({.leaves_max = 1}, 4);
}

TEST(BackgroundShap, NeedsNoCountsOfTrainingRows) {
  const ForestShape shape{.trees = 4};
  RandomForest random(shape, 5);
  random.forest.leaf_count.clear();
  RandomRows data(shape, 4);
  EXPECT_EQ(make_background_shap(random.forest, layout_of(shape), data.rows)->base().size(), 1u);
}

// A path of as many features as there are: a chain.
Forest chain(int features, int nodes) {
  Forest forest;
  forest.set_offset = {0};
  forest.leaves = {nodes + 1};
  for (int i = 0; i < nodes; ++i) {
    forest.feature.push_back(i % features);
    forest.decision.push_back(Decision::missing_nan);
    forest.threshold.push_back(0.25f + float(i % 3));
    forest.set.push_back(0);
    forest.left.push_back(-1 - i);
    forest.right.push_back(i + 1 < nodes ? i + 1 : -1 - nodes);
  }
  for (int i = 0; i <= nodes; ++i) forest.leaf_value.push_back(double(i % 5) - 2);
  forest.importance.resize(size_t(features));
  return forest;
}

TEST(BackgroundShap, SumsToTheScoreHoweverDeep) {
  for (const auto& [features, nodes] : {std::pair(1, 1), {17, 17}, {500, 500}, {30, 20000}}) {
    const ForestShape shape{.floats = features, .codes = 0};
    const FeatureLayout layout = layout_of(shape);
    const Forest forest = chain(features, nodes);
    forest.check(layout);
    RandomRows data(shape, 30);
    const auto engine = make_tree_walk(forest, layout);
    const auto explainer = make_background_shap(forest, layout, part_of(data, 10, 20));
    std::vector<double> out(size_t(10 * features)), score(10);
    explainer->explain(part_of(data, 0, 10), out.data());
    engine->sum(part_of(data, 0, 10), score.data());
    for (int64_t i = 0; i < 10; ++i) {
      double sum = explainer->base()[0];
      for (int f = 0; f < features; ++f) sum += out[size_t(i * features + f)];
      EXPECT_NEAR(sum, score[size_t(i)], 1e-9);
    }
  }
}

TEST(BackgroundShap, RefusesWhatIsTooLarge) {
  const ForestShape shape{.floats = 600, .codes = 0};
  const FeatureLayout layout = layout_of(shape);
  RandomRows data(shape, 4);
  auto code_of = [&](const Forest& forest, size_t bytes_max) {
    try {
      make_background_shap(forest, layout, data.rows, bytes_max);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code_of(chain(600, 600), background_shap_bytes_max), Code::exhausted);
  EXPECT_EQ(code_of(chain(9, 9), 16), Code::exhausted);
}

}  // namespace
}  // namespace gristmill
