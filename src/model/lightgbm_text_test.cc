#include "model/lightgbm_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "model/trees.h"

namespace gristmill {
namespace {

// Two floats and a category of seven levels.
FeatureLayout layout() {
  TensorSpec a{"a", TensorKind::block, {"a"}, "a"}, b{"b", TensorKind::block, {"b"}, "b"};
  TensorSpec c{"c", TensorKind::code, std::vector<std::string>(7), "c"};
  return FeatureLayout({c, a, b});
}

// Trained by LightGBM 4.7.0 (sigmoid 0.7, two trees); what it predicts stands in the tests.
constexpr const char* binary_model = R"(tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=2
objective=binary sigmoid:0.7
feature_names=Column_0 Column_1 Column_2
tree_sizes=676 580

Tree=0
num_leaves=5
num_cat=1
split_feature=0 2 1 1
split_gain=359.05 80.2869 5.68434e-14 2.84217e-14
threshold=1.0000000180025095e-35 0 -0.55000001192092884 -1.0000000180025095e-35
decision_type=8 1 8 10
left_child=1 -1 -3 -2
right_child=3 2 -4 -5
leaf_value=1.25296476634399 1.3714003875792022 0.69951792988400685 0.69951792988400685 1.3714003875792022
cat_boundaries=0 1
cat_threshold=18
is_linear=0
shrinkage=1


Tree=1
num_leaves=4
num_cat=1
split_feature=0 2 0
split_gain=281.7 66.88 3.55271e-15
threshold=1.0000000180025095e-35 0 -0.84999999403953541
decision_type=8 1 10
left_child=1 2 -1
right_child=-2 -3 -4
leaf_value=0.20228540296165332 0.19755720474233091 -0.2556229955671025 0.20228540296165332
cat_boundaries=0 1
cat_threshold=18
is_linear=0
shrinkage=0.1


end of trees
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct Rows {
  std::vector<float> floats;
  std::vector<int32_t> codes;
  FeatureRows view() { return {int64_t(codes.size()), floats.data(), 2, codes.data(), 1}; }
};

Rows some_rows() {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  return {{0, 0, nan, .3f, .3f, nan, -2, -2, nan, nan, 1.4f, .1f}, {0, 1, 2, 6, 9, 3}};
}

TEST(LightgbmText, PredictsWhatLightgbmPredicts) {
  auto model = read_lightgbm(binary_model, layout());
  Rows rows = some_rows();
  std::vector<double> out(6);
  model->predict(rows.view(), out.data());
  const double expected[] = {0.5770625704071719, 0.7499358743852317, 0.7499358743852317,
                             0.5770625704071719, 0.7499358743852317, 0.7499358743852317};
  for (int i = 0; i < 6; ++i) EXPECT_DOUBLE_EQ(out[i], expected[i]) << i;
}

TEST(LightgbmText, ImportanceIsTheShareOfTheGainOfEachSpec) {
  auto importance = read_lightgbm(binary_model, layout())->importance();
  ASSERT_EQ(importance.size(), 3);  // the layout's order: c, a, b
  EXPECT_NEAR(importance[0], 1.86779723e-01, 1e-6);
  EXPECT_NEAR(importance[1], 8.13220277e-01, 1e-6);
  EXPECT_NEAR(importance[2], 0, 1e-6);
}

TEST(LightgbmText, SavedStateLoadsToTheSameModel) {
  auto model = read_lightgbm(binary_model, layout());
  State state = model->save();
  auto again = Models::instance().get("boosted-trees", "model").load(state, layout());
  EXPECT_EQ(again->save().digest_hex(), state.digest_hex());
  Rows rows = some_rows();
  std::vector<double> a(6), b(6);
  model->predict(rows.view(), a.data());
  again->predict(rows.view(), b.data());
  EXPECT_EQ(a, b);
}

TEST(LightgbmText, CountsOfRowsMakeItExplainable) {
  EXPECT_EQ(parse_lightgbm(binary_model, layout()).leaf_count, std::vector<double>{});
  EXPECT_EQ(read_lightgbm(binary_model, layout())->make_explainer(layout()), nullptr);
  std::string counted =
      replaced(binary_model, "leaf_value=1.25", "leaf_count=5 4 3 2 1\nleaf_value=1.25");
  EXPECT_EQ(parse_lightgbm(counted, layout()).leaf_count, std::vector<double>{});
  counted = replaced(counted, "leaf_value=0.20", "leaf_count=1 2 3 4\nleaf_value=0.20");
  EXPECT_EQ(parse_lightgbm(counted, layout()).leaf_count,
            (std::vector<double>{5, 4, 3, 2, 1, 1, 2, 3, 4}));
  EXPECT_EQ(read_lightgbm(counted, layout())->make_explainer(layout())->features(), 3);
  EXPECT_THROW(parse_lightgbm(replaced(counted, "=1 2 3 4", "=1 2 3"), layout()), Error);
  EXPECT_THROW(parse_lightgbm(replaced(counted, "=1 2 3 4", "=1 2 3 -4"), layout()), Error);
}

TEST(LightgbmText, TreesOfOneLeafAreConstants) {
  auto model = read_lightgbm(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=2\n"
      "objective=regression\n\nTree=0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\n"
      "leaf_value=0.5\nis_linear=0\n\nTree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=2\n"
      "\nend of trees\n",
      layout());
  Rows rows = some_rows();
  std::vector<double> out(6);
  model->predict(rows.view(), out.data());
  EXPECT_EQ(out, std::vector<double>(6, 2.5));
}

double answer_of(const std::string& text) {
  Rows rows{{0, 0}, {0}};
  double out = 0;
  read_lightgbm(text, layout())->predict(rows.view(), &out);
  return out;
}

TEST(LightgbmText, ObjectivesDecideTheAnswer) {
  const std::string score_text = replaced(binary_model, "binary sigmoid:0.7", "regression");
  const double score = answer_of(score_text);
  for (const char* name : {"poisson", "gamma", "tweedie tweedie_variance_power:1.5"})
    EXPECT_DOUBLE_EQ(answer_of(replaced(score_text, "regression", name)), std::exp(score)) << name;
  EXPECT_DOUBLE_EQ(answer_of(replaced(score_text, "regression", "cross_entropy")),
                   1 / (1 + std::exp(-score)));
  for (const char* name : {"regression_l1", "huber", "fair", "quantile", "mape", "lambdarank"})
    EXPECT_EQ(answer_of(replaced(score_text, "regression", name)), score) << name;
  EXPECT_DOUBLE_EQ(answer_of(replaced(score_text, "version=v4", "version=v4\naverage_output")),
                   score / 2);
}

TEST(LightgbmText, SaysWhatItsFeaturesAre) {
  auto levels = [](const std::string& lists) {
    return parse_lightgbm(std::string(binary_model) +
                          "\nparameters:\n[categorical_feature: 1,2]\nend of parameters\n\n"
                          "pandas_categorical:" +
                          lists + "\n");
  };
  const ForeignTrees model = levels(R"([[1.0, 2.0], ["x", "y"]])");
  EXPECT_EQ(model.features[0].name, "Column_0");
  EXPECT_FALSE(model.features[0].category);
  EXPECT_EQ(model.features[1].levels, nlohmann::json({1.0, 2.0}));  // no tree splits on it
  EXPECT_EQ(model.features[2].levels, nlohmann::json({"x", "y"}));
  EXPECT_TRUE(levels("null").features[2].levels.is_null());
  // One of them is ordered, and split as a number: nothing says which.
  const ForeignTrees doubtful = levels(R"([["a"], ["b"], ["c"]])");
  EXPECT_TRUE(doubtful.features[2].levels.is_null());
  EXPECT_EQ(doubtful.notes.size(), 1);
  EXPECT_THROW(levels(R"([["a", "b)"), Error);
}

TEST(LightgbmText, RefusesByNameWhatItCannotRead) {
  const std::pair<std::string, std::string> changes[] = {
      {"version=v4", "version=v3"},
      {"objective=binary sigmoid:0.7", "objective=cross_entropy_lambda"},
      {"objective=binary sigmoid:0.7", "objective=regression sqrt"},
      {"objective=binary sigmoid:0.7", "objective=multiclassova num_class:3"},
      {"objective=binary sigmoid:0.7", "objective=binary sigmoid:-1"},
      {"objective=binary sigmoid:0.7", "objective=binary sigmoid:nan"},
      {"num_class=1", "num_class=2"},
      {"num_tree_per_iteration=1", "num_tree_per_iteration=0"},
      {"max_feature_idx=2", "max_feature_idx=3"},
      {"max_feature_idx=2", "max_feature_idx=-1"},
      {"max_feature_idx=2", "max_feature_idx=1000000000000"},
      {"Column_0 Column_1", "Column_0"},
      {"is_linear=0", "is_linear=1"},
      {"num_leaves=5", "num_leaves=6"},
      {"num_leaves=5", "num_leaves=2147483647"},
      {"num_leaves=5", "num_leaves=-5"},
      {"num_cat=1", "num_cat=9999999"},
      {"num_cat=1", "num_cat=-1"},
      {"num_cat=1", "num_cat=0"},
      {"cat_boundaries=0 1", "cat_boundaries=0 -1"},
      {"cat_boundaries=0 1", "cat_boundaries=1 1"},
      {"cat_threshold=18", "cat_threshold=18 19"},
      {"cat_threshold=18", "cat_threshold=-18"},
      {"threshold=1.0000000180025095e-35 0 -0.55", "threshold=1.0000000180025095e-35 -0.5 -0.55"},
      {"left_child=1 -1 -3 -2", "left_child=1 -1 -3 -3"},
      {"left_child=1 -1 -3 -2", "left_child=0 -1 -3 -2"},
      {"left_child=1 -1 -3 -2", "left_child=4 -1 -3 -2"},
      {"left_child=1 -1 -3 -2", "left_child=1 -9 -3 -2"},
      {"left_child=1 -1 -3 -2", "left_child=-2147483648 -1 -3 -2"},
      {"right_child=3 2 -4 -5", "right_child=3 2 2 -5"},
      {"split_feature=0 2 1 1", "split_feature=0 2 1 3"},
      {"split_feature=0 2 1 1", "split_feature=-1 2 1 1"},
      {"split_feature=0 2 1 1", "split_feature=0 1 1 1"},  // a number split as a category
      {"decision_type=8 1 8 10", "decision_type=8 1 8 12"},
      {"decision_type=8 1 8 10", "decision_type=8 1 8 300"},
      {"threshold=1.0000000180025095e-35 0", "threshold=nan 0"},
      {"threshold=1.0000000180025095e-35 0", "threshold=1 1"},
      {"leaf_value=1.25296476634399", "leaf_value=inf"},
      {"leaf_value=1.25296476634399", "leaf_value=1.2x"},
      {"end of trees", ""},
  };
  for (const auto& [from, to] : changes) {
    try {
      parse_lightgbm(replaced(binary_model, from, to), layout());
      ADD_FAILURE() << from << " → " << to;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt);
    }
  }
}

// Every cut, and bytes changed at random: an Error or a model, never a crash.
TEST(LightgbmText, HostileBytesAreErrors) {
  const std::string text = binary_model;
  for (size_t size = 0; size < text.size(); size += 3) {
    if (text.find("end of trees") + 12 <= size) break;
    EXPECT_THROW(parse_lightgbm(text.substr(0, size), layout()), Error) << size;
  }
  std::mt19937 random(11);
  const std::string bytes = "0123456789-.e= \n\x00\xffxTt";
  Rows rows = some_rows();
  std::vector<double> out(6);
  for (int round = 0; round < 3000; ++round) {
    std::string changed = text;
    for (int i = 0; i <= int(random() % 3); ++i) {
      changed[random() % changed.size()] = bytes[random() % bytes.size()];
    }
    try {
      read_lightgbm(changed, layout())->predict(rows.view(), out.data());
    } catch (const Error&) {
    }
  }
}

TEST(RoundDown, DecidesEveryFloatAsTheDoubleDoes) {
  std::mt19937_64 random(3);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<double> thresholds = {
      0.0,    -0.0,   1e300, -1e300, 1e-46, -1e-46, 0.1, 1.0000000180025095e-35, double(infinity),
      3.5e38, -3.5e38};
  for (int i = 0; i < 5000; ++i) {
    double t = std::ldexp(double(int64_t(random())) / 9.3e18, int(random() % 300) - 150);
    thresholds.push_back(t);
    thresholds.push_back(double(float(t)));
  }
  for (double t : thresholds) {
    float rounded = round_down(t), near = float(t);
    for (float x : {near, std::nextafter(near, infinity), std::nextafter(near, -infinity), 0.0f,
                    infinity, -infinity, std::numeric_limits<float>::max()}) {
      EXPECT_EQ(x <= rounded, double(x) <= t) << x << " " << t;
    }
  }
}

}  // namespace
}  // namespace gristmill
