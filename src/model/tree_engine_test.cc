#include "model/tree_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

struct Shape {
  int floats = 5, codes = 2, levels = 70, trees = 20, leaves_max = 31, outputs = 1;
  bool zeros_missing = false;
};

FeatureLayout layout_of(const Shape& shape) {
  std::vector<TensorSpec> specs;
  for (int i = 0; i < shape.floats; ++i) {
    specs.push_back({"f" + std::to_string(i), TensorKind::block, {"x"}, "f"});
  }
  for (int i = 0; i < shape.codes; ++i) {
    specs.push_back({"c" + std::to_string(i), TensorKind::code,
                     std::vector<std::string>(size_t(shape.levels)), "c"});
  }
  return FeatureLayout(std::move(specs));
}

const std::vector<float> values = {0,   -0.0f,     1e-35f, -1e-35f, 2e-35f,   1,
                                   -1,  2,         0.5f,   -0.5f,   infinity, 3e38f,
                                   nan, -infinity, 0.1f,   -1e-30f};

class RandomForest {
 public:
  RandomForest(const Shape& shape, uint32_t seed) : shape_(shape), random_(seed) {
    forest.outputs = shape.outputs;
    if (shape.outputs > 1) forest.link = Link::softmax;
    forest.set_offset = {0};
    for (int t = 0; t < shape.trees * shape.outputs; ++t) add_tree();
    forest.importance.resize(size_t(shape.floats + shape.codes));
    forest.check(layout_of(shape));
  }
  Forest forest;

 private:
  int pick(int n) { return int(random_() % uint32_t(n)); }

  // Splits a random leaf again and again, as training does: leaf i keeps its place on the left.
  void add_tree() {
    int leaves = 1 + pick(shape_.leaves_max);
    std::vector<int32_t> left, right;
    std::vector<std::pair<int, bool>> parent = {{-1, false}};  // of each leaf
    for (int node = 0; node < leaves - 1; ++node) {
      int leaf = pick(node + 1);
      auto [from, is_right] = parent[leaf];
      if (from >= 0) (is_right ? right : left)[from] = node;
      left.push_back(-1 - leaf);
      right.push_back(-1 - (node + 1));
      parent[leaf] = {node, false};
      parent.push_back({node, true});
      add_question();
    }
    forest.leaves.push_back(leaves);
    forest.left.insert(forest.left.end(), left.begin(), left.end());
    forest.right.insert(forest.right.end(), right.begin(), right.end());
    for (int i = 0; i < leaves; ++i) forest.leaf_value.push_back(double(pick(2000)) / 7 - 140);
  }

  void add_question() {
    int feature = pick(shape_.floats + shape_.codes);
    bool categorical = feature >= shape_.floats && pick(4) > 0;
    forest.feature.push_back(feature);
    int missing = pick(shape_.zeros_missing ? 3 : 2) * 4;  // none, zero, NaN
    if (!shape_.zeros_missing) missing *= 2;
    uint8_t decision = uint8_t(categorical ? 1 : missing | pick(2) * 2);
    forest.decision.push_back(decision);
    float threshold;
    do threshold = values[size_t(pick(int(values.size())))];
    while (std::isnan(threshold));
    forest.threshold.push_back(categorical ? 0 : threshold);
    forest.set.push_back(0);
    if (categorical) {
      forest.set.back() = int32_t(forest.set_offset.size()) - 1;
      for (int w = pick(4); w > 0; --w) forest.set_words.push_back(random_() & random_());
      forest.set_offset.push_back(int32_t(forest.set_words.size()));
    }
  }

  Shape shape_;
  std::mt19937 random_;
};

// LightGBM's own decision, as its documentation has it, on doubles.
bool goes_left(const Forest& forest, int64_t node, double x) {
  uint8_t decision = forest.decision[node];
  if (decision & Decision::categorical) {
    auto code = int64_t(x);
    int64_t begin = forest.set_offset[forest.set[node]],
            end = forest.set_offset[forest.set[node] + 1];
    return code >= 0 && begin + code / 32 < end &&
           (forest.set_words[begin + code / 32] >> (code % 32) & 1);
  }
  if (std::isnan(x) && !(decision & Decision::missing_nan)) x = 0;
  bool zero = x >= -double(zero_threshold) && x <= double(zero_threshold);
  if ((decision & Decision::missing_zero && zero) ||
      (decision & Decision::missing_nan && std::isnan(x))) {
    return decision & Decision::default_left;
  }
  return x <= double(forest.threshold[node]);
}

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
      out[size_t(i * forest.outputs + t % forest.outputs)] +=
          forest.leaf_value[first_leaf - 1 - at];
      first_node += forest.leaves[t] - 1;
      first_leaf += forest.leaves[t];
    }
  }
  return out;
}

struct RandomRows {
  RandomRows(const Shape& shape, int64_t count) : random(9) {
    for (int64_t i = 0; i < count * (shape.floats + 1); ++i) {
      floats.push_back(values[random() % values.size()]);
    }
    for (int64_t i = 0; i < count * (shape.codes + 2); ++i) {
      codes.push_back(int32_t(random() % uint32_t(shape.levels)));
    }
    rows = {count, floats.data(), shape.floats + 1, codes.data(), shape.codes + 2};
  }
  std::mt19937 random;
  std::vector<float> floats;
  std::vector<int32_t> codes;
  FeatureRows rows;
};

void expect_equal(const Shape& shape, uint32_t seed) {
  const FeatureLayout layout = layout_of(shape);
  RandomForest random(shape, seed);
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
  Shape shape;
  RandomForest random(shape, 1);
  EXPECT_EQ(make_tree_table(random.forest, layout_of(shape), 1000), nullptr);
  EXPECT_NE(make_tree_engine(random.forest, layout_of(shape)), nullptr);
}

// Codes that no encoder writes must not be read past an end.
TEST(TreeEngine, CodesOutsideTheirLevelsAreInNoSet) {
  Shape shape{.floats = 1, .codes = 1, .levels = 40};
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

TEST(Forest, DamagedStatesAreErrors) {
  Shape shape;
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
