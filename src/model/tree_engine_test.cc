#include "model/tree_engine.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/test_forest.h"
#include "model/tree_shap.h"

namespace gristmill {
namespace {

std::vector<double> by_hand(const Forest& forest, const FeatureLayout& layout,
                            const FeatureRows& rows) {
  std::vector<double> out(size_t(rows.rows * forest.outputs));
  for (int64_t i = 0; i < rows.rows; ++i) {
    int64_t first_node = 0, first_leaf = 0;
    for (int64_t t = 0; t < forest.trees(); ++t) {
      int32_t at = forest.leaves[t] > 1 ? 0 : -1;
      while (at >= 0) {
        int64_t node = first_node + at, feature = forest.feature[node];
        double x = feature < layout.floats
                       ? double(rows.floats[i * rows.float_stride + feature])
                       : double(rows.codes[i * rows.code_stride + feature - layout.floats]);
        at = goes_left(forest, node, x) ? forest.left[node] : forest.right[node];
      }
      double& sum = out[size_t(i * forest.outputs + t % forest.outputs)];
      sum += forest.leaf_value[first_leaf - 1 - at];
      if (forest.float_sums) sum = float(sum);
      first_node += forest.leaves[t] - 1;
      first_leaf += forest.leaves[t];
    }
  }
  return out;
}

void expect_equal(const ForestShape& shape, uint32_t seed, bool float_sums = false) {
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, seed);
  random.forest.float_sums = float_sums;
  RandomRows data(shape, 83);
  const auto expected = by_hand(random.forest, layout, data.rows);
  std::vector<std::unique_ptr<TreeEngine>> engines;
  engines.push_back(make_tree_walk(random.forest, layout));
  engines.push_back(make_tree_table(random.forest, layout));
  EXPECT_EQ(engines.back() == nullptr, shape.zeros_missing);
  if (engines.back() == nullptr) engines.pop_back();
  for (const auto& engine : engines) {
    for (int64_t batch : {83, 1, 7, 16, 33}) {
      std::vector<double> out(expected.size());
      for (int64_t i = 0; i < data.rows.rows; i += batch) {
        FeatureRows part = data.rows;
        part.rows = std::min(batch, data.rows.rows - i);
        part.floats += i * part.float_stride;
        part.codes += i * part.code_stride;
        engine->sum(part, out.data() + i * shape.outputs);
      }
      EXPECT_EQ(out, expected) << "seed " << seed << ", batches of " << batch;
    }
  }
}

TEST(TreeEngine, BothEnginesGiveWhatTheTreesSayToTheLastBit) {
  for (uint32_t seed = 0; seed < 15; ++seed) expect_equal({}, seed);
}
TEST(TreeEngine, WideTrees) {
  for (uint32_t seed = 0; seed < 10; ++seed) expect_equal({.trees = 9, .leaves_max = 255}, seed);
}
TEST(TreeEngine, Classes) {
  for (uint32_t seed = 0; seed < 5; ++seed) expect_equal({.trees = 11, .outputs = 3}, seed);
}
TEST(TreeEngine, ZerosAsMissing) {
  for (uint32_t seed = 0; seed < 10; ++seed) expect_equal({.zeros_missing = true}, seed);
}
TEST(TreeEngine, NumbersOnlyAndCategoriesOnly) {
  expect_equal({.codes = 0}, 1);
  expect_equal({.floats = 0, .levels = 300}, 2);
  expect_equal({.leaves_max = 1}, 3);  // constants only
}

TEST(TreeEngine, TheTableIsLeftOutWhenItWouldBeTooLarge) {
  ForestShape shape;
  RandomForest random(shape, 1);
  EXPECT_EQ(make_tree_table(random.forest, layout_of(shape), 1000), nullptr);
  EXPECT_NE(make_tree_engine(random.forest, layout_of(shape)), nullptr);
}

// Codes that no encoder writes must not be read past an end.
TEST(TreeEngine, CodesOutsideTheirLevelsAreInNoSet) {
  ForestShape shape{.floats = 1, .codes = 1, .levels = 40};
  RandomForest random(shape, 4);
  const FeatureLayout layout = layout_of(shape);
  for (auto& engine :
       {make_tree_walk(random.forest, layout), make_tree_table(random.forest, layout)}) {
    for (int32_t code : {-1, 40, 1000, INT32_MAX, INT32_MIN}) {
      float x = 1;
      double out = 0;
      engine->sum({1, &x, 1, &code, 1}, &out);
      EXPECT_TRUE(std::isfinite(out));
    }
  }
}

TEST(TreeEngine, SumsMayBeOfFloats) {
  expect_equal({.outputs = 1}, 1, true);
  expect_equal({.outputs = 3, .zeros_missing = true}, 2, true);
}

// Older programs read what they could read; what is new in a forest they refuse.
TEST(Forest, IsSavedInTheEarliestFormThatCanSayIt) {
  const ForestShape shape;
  const FeatureLayout layout = layout_of(shape);
  auto version_of = [&](auto change) {
    Forest forest = RandomForest(shape, 2).forest;
    change(forest);
    const State state = forest.save();
    EXPECT_EQ(Forest::load(state, layout).save().digest_hex(), state.digest_hex());
    return state.at<int>("version");
  };
  EXPECT_EQ(version_of([](Forest&) {}), 2);
  EXPECT_EQ(version_of([](Forest& forest) { forest.float_sums = true; }), 3);
  EXPECT_EQ(version_of([](Forest& forest) { forest.link = Link::exponential; }), 3);
  EXPECT_EQ(version_of([](Forest& forest) { forest.leaf_count[0] = 0.5; }), 3);
}

TEST(Forest, DamagedStatesAreErrors) {
  ForestShape shape;
  RandomForest random(shape, 2);
  const FeatureLayout layout = layout_of(shape);
  const State state = random.forest.save();
  EXPECT_EQ(Forest::load(state, layout).save().digest_hex(), state.digest_hex());
  std::mt19937 bytes(1);
  for (const auto& [name, array] : state.arrays()) {
    for (int round = 0; round < 200; ++round) {
      auto copy = std::make_shared<std::string>(array.bytes);
      (*copy)[bytes() % copy->size()] ^= char(1 << bytes() % 8);
      State damaged = state;
      damaged.put(name, Array{array.dtype, array.shape, *copy, copy});
      try {
        Forest forest = Forest::load(damaged, layout);
        RandomRows data(shape, 5);
        std::vector<double> out(5);
        make_tree_engine(forest, layout)->sum(data.rows, out.data());
        if (forest.leaf_count.empty()) continue;
        out.resize(size_t(5 * (shape.floats + shape.codes)));
        make_tree_shap(forest, layout)->explain(data.rows, out.data());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::corrupt);
      }
    }
    State missing;
    missing.json = state.json;
    for (const auto& [other, kept] : state.arrays()) {
      if (other != name) missing.put(other, kept);
    }
    EXPECT_THROW(Forest::load(missing, layout), Error);
  }
}

}  // namespace
}  // namespace gristmill
