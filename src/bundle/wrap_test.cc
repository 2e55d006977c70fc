#include "bundle/wrap.h"

#include <cmath>
#include <limits>

#include "bundle/test_bundles.h"
#include "model/test_xgboost.h"

namespace gristmill {
namespace {

using nlohmann::json;

// One split on each of three features: a number, a category of its numbers, an ordered one.
const std::string lightgbm_model = R"(tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=2
objective=regression
feature_names=when plan size
feature_infos=[0:2e9] 5:2:9 [0:2]

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=1700000000.3333333
decision_type=10
left_child=-1
right_child=-2
leaf_value=1 2

Tree=1
num_leaves=2
num_cat=1
split_feature=1
threshold=0
decision_type=1
left_child=-1
right_child=-2
leaf_value=10 20
cat_boundaries=0 1
cat_threshold=36

Tree=2
num_leaves=2
num_cat=0
split_feature=2
threshold=0.5
decision_type=0
left_child=-1
right_child=-2
leaf_value=100 200

end of trees
)";

std::shared_ptr<const Bundle> wrapped(const std::string& model, WrapSchema schema = {},
                                      std::vector<std::string>* notes = nullptr) {
  std::vector<std::string> own;
  schema.name = "m";
  const std::string bytes =
      wrap_model(parse_model(model), schema, notes != nullptr ? *notes : own).serialize();
  return parse_bundle(bytes);
}

std::vector<double> answers(const std::shared_ptr<const Bundle>& bundle, const json& rows) {
  const BatchBuffer table =
      testing_rules::table(bundle->signature.expected().schema.fields(), rows);
  return answers_of(bundle, table.view()).values;
}

WrapColumn category(const std::string& name, json levels) {
  return {.name = name, .kind = WrapColumn::Kind::category, .levels = std::move(levels)};
}

std::string refusal(const std::string& model, const WrapSchema& schema) {
  try {
    wrapped(model, schema);
  } catch (const Error& error) {
    return error.what();
  }
  return "it was taken";
}

TEST(Wrap, DoublesAreComparedAsDoubles) {
  const auto bundle = wrapped(lightgbm_model);
  const double threshold = 1700000000.3333333, next = std::nextafter(threshold, 2e9);
  EXPECT_EQ(answers(bundle, {{threshold, nullptr, nullptr},
                             {next, nullptr, nullptr},
                             {nullptr, nullptr, nullptr}}),
            (std::vector<double>{1 + 20 + 100, 2 + 20 + 100, 1 + 20 + 100}));
}

TEST(Wrap, CategoriesWithoutNamesAreTheirNumbers) {
  std::vector<std::string> notes;
  const auto bundle = wrapped(lightgbm_model, {}, &notes);
  EXPECT_EQ(bundle->signature.fields[1].field.type, Type::int64);
  EXPECT_EQ(answers(bundle, {{0, 5, 1}, {0, 2, 1}, {0, 9, 1}, {0, -1, 0}}),
            (std::vector<double>{211, 211, 221, 121}));
  ASSERT_EQ(notes.size(), 1);
  EXPECT_NE(notes[0].find("plan"), std::string::npos);
}

TEST(Wrap, ASchemaNamesThem) {
  const WrapSchema schema{.columns = {category("plan", {"a", "b", "c", "d", "e", "f"}),
                                      category("size", {"small", "large"})}};
  const auto bundle = wrapped(lightgbm_model, schema);
  EXPECT_EQ(bundle->signature.fields[1].choices, json({"a", "b", "c", "d", "e", "f"}));
  // Of an ordered one the number is compared; what is not known is missing, which is 0.
  EXPECT_EQ(answers(bundle, {{0, "f", "large"}, {0, "a", "small"}, {0, "?", "?"}}),
            (std::vector<double>{211, 121, 121}));
}

TEST(Wrap, CategoriesThatXgboostKeepsAreTaken) {
  const auto bundle = wrapped(xgboost_model);
  EXPECT_EQ(bundle->signature.problem, Problem::binary);
  const BatchBuffer rows = testing_rules::table(bundle->signature.expected().schema.fields(),
                                                {{0.7, "z"}, {nullptr, nullptr}, {0, "new"}});
  const Answers got = answers_of(bundle, rows.view());
  EXPECT_NEAR(got.probabilities[0], 0.5188032984733582, 1e-7);
  EXPECT_NEAR(got.probabilities[1], 0.13694776594638824, 1e-7);
  EXPECT_EQ(bundle->signature.classes, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(bundle->card.at("model"), "XGBoost binary:logistic");
  // Its weights of rows explain it.
  const Explanations why = explanations_of(ColumnExplainer(bundle), bundle, rows.view());
  EXPECT_EQ(why.contributions.size(), 6);
}

TEST(Wrap, ASchemaRenamesThemAll) {
  EXPECT_EQ(wrapped(xgboost_model, {.columns = {category("c", {7, 8, 9})}})
                ->signature.fields[1]
                .field.type,
            Type::int64);
  EXPECT_NE(refusal(xgboost_model, {.columns = {category("c", {"x", "y", "z", "w"})}})
                .find("are 3 in the model, but 4 in the schema"),
            std::string::npos);
}

TEST(Wrap, ClassesAreNamed) {
  WrapSchema schema{.classes = {"stays", "leaves"}};
  EXPECT_EQ(wrapped(xgboost_model, schema)->signature.classes[1], "leaves");
  schema.classes = {false, true};
  EXPECT_TRUE(wrapped(xgboost_model, schema)->signature.boolean_target);
  schema.classes = {"a", "b", "c"};
  EXPECT_NE(refusal(xgboost_model, schema).find("has 2 classes, the schema 3"), std::string::npos);
  schema.classes = {"a", "a"};
  EXPECT_NE(refusal(xgboost_model, schema).find("two classes"), std::string::npos);
  schema.classes = {"a", "b"};
  EXPECT_NE(refusal(lightgbm_model, schema).find("no classes"), std::string::npos);
}

TEST(Wrap, RefusesASchemaThatDoesNotFit) {
  using Kind = WrapColumn::Kind;
  const std::pair<WrapSchema, std::string> cases[] = {
      {{.columns = {{.name = "plna"}}}, "did you mean \"plan\"?"},
      {{.columns = {{.name = "plan", .kind = Kind::number}}},
       "as a category, the schema as a number"},
      {{.columns = {category("plan", {"a", "b"})}}, "split on number 5"},
      {{.columns = {category("plan", {"a", "b", "c", "d", "e", "a"})}}, "\"a\" twice"},
      {{.columns = {category("plan", {"a", 1, "c", "d", "e", "f"})}}, "not all of one kind"},
      {{.columns = {category("plan", {0.5, 1.5})}}, "not all of one kind"},
      {{.columns = {category("plan", json::array())}}, "are no list"},
      {{.columns = {category("plan", {std::string(257, 'x')})}}, "longer than 256"},
      {{.columns = {category("size", nullptr)}}, "as a number, but it is text"},
      {{.columns = {{.name = "when"}, {.name = "plan"}}, .more_columns = true},
       "feature \"size\" is no column"},
  };
  for (const auto& [schema, part] : cases) {
    const std::string message = refusal(lightgbm_model, schema);
    EXPECT_NE(message.find(part), std::string::npos) << message << "\n wanted: " << part;
  }
}

TEST(Wrap, AModelWithoutNamesTakesThoseOfTheSchemaInOrder) {
  std::string model = lightgbm_model;
  model.replace(model.find("when plan size"), 14, "Column_0 Column_1 Column_2");
  EXPECT_EQ(wrapped(model)->signature.fields[0].field.name, "Column_0");
  WrapSchema schema{.columns = {{.name = "x"}, {.name = "y"}, {.name = "z"}}};
  EXPECT_EQ(wrapped(model, schema)->signature.fields[2].field.name, "z");
  schema.columns.pop_back();
  EXPECT_NE(refusal(model, schema).find("3 features without names, but the schema 2"),
            std::string::npos);
}

TEST(Wrap, OtherColumnsOfExampleRowsAreIgnored) {
  const WrapSchema schema{
      .columns = {{.name = "id"}, {.name = "size"}, {.name = "plan"}, {.name = "when"}},
      .more_columns = true};
  EXPECT_EQ(wrapped(lightgbm_model, schema)->signature.ignored, (std::vector<std::string>{"id"}));
}

TEST(Wrap, WhatNamesACategoryIsNoMissingValue) {
  const WrapSchema schema{.columns = {category("plan", {"NA", "b", "c", "d", "e", "f"})}};
  EXPECT_EQ(wrapped(lightgbm_model, schema)->signature.null_texts, (std::vector<std::string>{""}));
}

TEST(Wrap, OtherFilesAreNamed) {
  for (const char* bytes : {"", "x", "{L\x01\x02", "binf", "[1]", "\x80\x04", "tree"})
    EXPECT_NE(refusal(bytes, {}).find("neither a text model"), std::string::npos) << bytes;
  EXPECT_NE(refusal("{L", {}).find("XGBoost's binary form"), std::string::npos);
  EXPECT_NE(refusal("{}", {}).find("no `learner`"), std::string::npos);
  std::string twice = lightgbm_model;
  twice.replace(twice.find("when plan"), 9, "plan plan");
  EXPECT_NE(refusal(twice, {}).find("two features of the model are called \"plan\""),
            std::string::npos);
}

}  // namespace
}  // namespace gristmill
