#include "model/xgboost_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/error.h"
#include "model/test_xgboost.h"
#include "model/tree_engine.h"
#include "model/trees.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// A float and a category of three levels.
FeatureLayout layout() {
  return FeatureLayout({{"a", TensorKind::block, {"a"}, "a"},
                        {"c", TensorKind::code, {"", "", "x", "y", "z"}, "c"}});
}

Forest forest_of(const std::string& text) {
  const std::vector<FeaturePlace> places = {
      {.feature = 0}, {.feature = 1, .as = FeaturePlace::As::level, .levels = {0, 1, 2}}};
  return place_trees(parse_xgboost(text), places, layout());
}

struct Rows {
  std::vector<float> floats = {0, 0.5f, nan, -1.2f, 0.7f, 3.4e38f};
  std::vector<int32_t> codes = {2, 3, 0, 4, 4, 3};
  FeatureRows view() { return {6, floats.data(), 1, codes.data(), 1}; }
};

// What XGBoost said of the same rows.
TEST(XgboostJson, PredictsWhatXgboostPredicts) {
  const float margins[] = {-1.8408756256103516f, 0.5638868808746338f,  -1.8408756256103516f,
                           -1.8408756256103516f, 0.07524865865707397f, 0.5638868808746338f};
  const double answers[] = {0.13694776594638824, 0.6373514533042908, 0.13694776594638824,
                            0.13694776594638824, 0.5188032984733582, 0.6373514533042908};
  Rows rows;
  std::vector<double> out(6);
  make_tree_engine(forest_of(xgboost_model), layout())->sum(rows.view(), out.data());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(out[i], double(margins[i])) << i;
  make_trees(forest_of(xgboost_model), layout())->predict(rows.view(), out.data());
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(out[i], answers[i], 1e-7) << i;
}

TEST(XgboostJson, SaysWhatItIs) {
  const ForeignTrees model = parse_xgboost(xgboost_model);
  EXPECT_EQ(model.objective, "binary:logistic");
  ASSERT_EQ(model.features.size(), 2);
  EXPECT_EQ(model.features[0].name, "a");
  EXPECT_TRUE(model.features[1].category);
  EXPECT_EQ(model.features[1].levels, json({"x", "y", "z"}));
  EXPECT_TRUE(model.notes.empty());
  EXPECT_EQ(model.trees.trees(), 3);  // the intercept is one
}

// x < t in float32: the float below t is left, t itself is not.
TEST(XgboostJson, ThresholdsAreOfFloats) {
  const float t = 0.7f;
  const auto found = thresholds_of(parse_xgboost(xgboost_model))[0];
  EXPECT_EQ(found.back(), double(std::nextafter(t, 0.0f)));
}

json sample() { return json::parse(xgboost_model); }

void expect_refused(const json& changed, const std::string& part) {
  try {
    forest_of(changed.dump());
    ADD_FAILURE() << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::corrupt);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(XgboostJson, RefusesByNameWhatItCannotRead) {
  const std::string booster = "/learner/gradient_booster", tree = booster + "/model/trees/0",
                    param = "/learner/learner_model_param";
  struct Change {
    std::string at;
    json value;
    std::string part;
  };
  const std::vector<Change> changes = {
      {booster + "/name", "gblinear", "booster \"gblinear\""},
      {booster + "/name", "dart", "gbtree"},
      {"/learner/objective/name", "survival:aft", "objective \"survival:aft\""},
      {"/learner/objective/name", "multi:softprob", "classes"},
      {param + "/num_target", "2", "several targets"},
      {param + "/num_class", "3", "classes"},
      {param + "/num_class", "-", "num_class"},
      {param + "/num_feature", "3", "feature_names"},
      {param + "/num_feature", "0", "num_feature"},
      {param + "/num_feature", "99999999999", "num_feature"},
      {param + "/base_score", "[1E-1,2E-1]", "base_score"},
      {param + "/base_score", "[]", "base_score"},
      {param + "/base_score", "0E0", "base_score"},
      {param + "/base_score", 0.5, "another form"},
      {tree + "/tree_param/size_leaf_vector", "3", "vector leaves"},
      {tree + "/tree_param/num_deleted", "1", "not reached"},
      {tree + "/left_children/0", 0, "two parents"},
      {tree + "/left_children/0", 7, "out of range"},
      {tree + "/left_children/0", -2, "out of range"},
      {tree + "/left_children/0", 2, "two parents"},
      {tree + "/left_children/0", 4294967295u, "left_children"},
      {tree + "/left_children/0", 1.5, "left_children"},
      {tree + "/left_children/1", -1, "out of range"},
      {tree + "/right_children/0", -1, "out of range"},
      {tree + "/split_indices/0", 2, "no such feature"},
      {tree + "/split_indices/0", -1, "no such feature"},
      {tree + "/split_indices/0", 0, "split as a category"},
      {tree + "/split_type/0", 0, "no set of categories"},
      {tree + "/split_type/1", 1, "no set of categories"},
      {tree + "/split_conditions/1", nullptr, "not a number"},
      {tree + "/split_conditions/3", 1e39, "split_conditions"},
      {tree + "/split_conditions/3", nullptr, "not finite"},
      {tree + "/sum_hessian", json::array({1}), "different lengths"},
      {tree + "/categories/0", -1, "categories"},
      {tree + "/categories/0", 1 << 24, "categories"},
      {tree + "/categories/0", 3, "has no name"},
      {tree + "/categories_nodes/0", 7, "categories_nodes"},
      {tree + "/categories_segments/0", 1, "categories_segments"},
      {tree + "/categories_sizes/0", 3, "categories_segments"},
      {booster + "/model/tree_info/0", 1, "output"},
      {booster + "/model/tree_info", json::array({0}), "tree_info"},
      {booster + "/model/cats/enc/1/offsets/1", 9, "overlap"},
      {booster + "/model/cats/enc/1/values/0", "x", "values"},
      {"/learner/feature_types", json::array({"c"}), "feature_types"},
  };
  for (const Change& change : changes) {
    json changed = sample();
    changed[json::json_pointer(change.at)] = change.value;
    expect_refused(changed, change.part);
  }
}

TEST(XgboostJson, NotesWhatItsUserShouldKnow) {
  json changed = sample();
  changed["learner"]["attributes"]["best_iteration"] = "1";
  changed["/learner/gradient_booster/model/cats/enc/1/values/0"_json_pointer] = -61;
  const ForeignTrees model = parse_xgboost(changed.dump());
  ASSERT_EQ(model.notes.size(), 2);
  EXPECT_TRUE(model.features[1].levels.is_null());  // names that are cut are none
  EXPECT_NE(model.notes[0].find("not ASCII"), std::string::npos);
  EXPECT_NE(model.notes[1].find("round 1 counted from 0"), std::string::npos);
}

// XGBoost 2 writes NaN, which is no JSON, as the condition of a set of categories.
TEST(XgboostJson, NumbersThatJsonDoesNotHave) {
  std::string text = xgboost_model;
  const size_t at = text.find("1E-45");
  text.replace(at, 5, "NaN");
  EXPECT_EQ(forest_of(text).save().digest_hex(), forest_of(xgboost_model).save().digest_hex());
}

// Every cut, and bytes changed at random: an Error or a model, never a crash.
TEST(XgboostJson, HostileBytesAreErrors) {
  const std::string text = xgboost_model;
  for (size_t size = 0; size < text.size(); size += 7)
    EXPECT_THROW(parse_xgboost(text.substr(0, size)), Error) << size;
  std::mt19937 random(11);
  const std::string bytes = "0123456789-.E\"[]{},: \x00\xffNa";
  Rows rows;
  std::vector<double> out(6);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = text;
    for (int i = 0; i <= int(random() % 3); ++i)
      changed[random() % changed.size()] = bytes[random() % bytes.size()];
    try {
      make_tree_engine(forest_of(changed), layout())->sum(rows.view(), out.data());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt) << error.what();
    }
  }
}

}  // namespace
}  // namespace gristmill
