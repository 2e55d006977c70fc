// regex, and missing by pattern.
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

BatchBuffer cells_of(const Json& values) {
  Json rows = Json::array();
  for (const auto& value : values) rows.push_back(Json::array({value}));
  return table({{"s", Type::string, true}}, rows);
}

std::vector<std::string> after(const std::string& rule, const Json& given, const Json& values) {
  const BatchBuffer rows = cells_of(values);
  return apply(world.chain(rule, given, rows.schema()), rows);
}

using Texts = std::vector<std::string>;

TEST(Regex, ExtractsTheMatchOrItsFirstGroup) {
  const Json values = {"12 kg", "about 7 kg net", "none", nullptr, "", "12"};
  EXPECT_EQ(after("regex", {{"s", {{"extract", "([0-9]+) kg"}}}}, values),
            (Texts{"12", "7", "~", "~", "~", "~"}));
  EXPECT_EQ(after("regex", {{"s", {{"extract", "[0-9]+"}}}}, values),
            (Texts{"12", "7", "~", "~", "~", "12"}));
  EXPECT_EQ(after("regex", {{"s", {{"extract", "(x?)"}}}}, {"abc", "x"}), (Texts{"", "x"}));
}

TEST(Regex, ReplacesEachMatch) {
  EXPECT_EQ(after("regex", {{"s", {{"replace", "[^0-9+]"}, {"with", ""}}}},
                  {"+49 (0)30-12", nullptr, "7"}),
            (Texts{"+4903012", "~", "7"}));
  EXPECT_EQ(after("regex", {{"s", {{"replace", "(a)(b)"}, {"with", "\\2\\1"}}}}, {"abxab", "ü"}),
            (Texts{"baxba", "ü"}));
  EXPECT_EQ(after("regex", {{"s", {{"replace", "a"}, {"with", "a"}}}}, {"banana"}),
            (Texts{"banana"}));
}

TEST(Regex, IsSoundOnRandomRows) {
  const BatchBuffer rows = random_rows(3000, 5);
  expect_sound(world.chain("regex", {{"s", {{"extract", "[a-z]+"}}}}, rows.schema()), rows);
  expect_sound(world.chain("regex", {{"s", {{"replace", "a"}, {"with", "<>"}}}}, rows.schema()),
               rows);
}

// A request of little text may ask for much.
TEST(Regex, TextThatIsMadeHasALimit) {
  BatchBuffer rows = cells_of({std::string(1000, 'a')});
  const Json with = {{"s", {{"replace", "a"}, {"with", std::string(100, 'b')}}}};
  const RuleChain chain = world.chain("regex", with, rows.schema());
  Scratch scratch;
  scratch.limit_text(100'000);
  Batch batch = rows.view();
  chain.apply(batch, scratch, nullptr, 0);
  EXPECT_EQ(scratch.text_made(), 100'000u);
  EXPECT_NE(
      error_of([&] { chain.apply(batch = rows.view(), scratch, nullptr, 0); }, Code::exhausted)
          .find("make more than"),
      std::string::npos);
}

TEST(Regex, WhatIsWrittenWronglyIsAnError) {
  const Schema schema({{"s", Type::string, true}, {"n", Type::int64, true}});
  for (const Json& given :
       {Json{{"s", {{"extract", "("}}}}, Json{{"s", {{"extract", 5}}}}, Json{{"s", "x"}},
        Json{{"s", {{"replace", "a"}}}}, Json{{"s", {{"replace", "a"}, {"with", "\\1"}}}},
        Json{{"n", {{"extract", "a"}}}}, Json{{"nosuch", {{"extract", "a"}}}}, Json::object()}) {
    EXPECT_THROW(world.chain("regex", given, schema), Error) << given;
  }
}

TEST(Missing, TakesWhatAPatternMatchesAsAWhole) {
  const Json values = {"-", "--", "a-b", "", nullptr, "N/A", "x"};
  EXPECT_EQ(after("missing", {{"pattern", "-*"}, {"values", {"N/A"}}}, values),
            (Texts{"~", "~", "a-b", "~", "~", "~", "x"}));
  EXPECT_EQ(after("missing", {{"pattern", "-+"}}, values),
            (Texts{"~", "~", "a-b", "", "~", "N/A", "x"}));
  const Schema schema({{"n", Type::int64, true}});
  EXPECT_THROW(world.chain("missing", {{"pattern", "("}}, Schema({{"s", Type::string, true}})),
               Error);
  EXPECT_THROW(world.chain("missing", {{"pattern", "-"}, {"columns", {"n"}}}, schema), Error);
}

}  // namespace
}  // namespace gristmill
