#include "base/error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gristmill {
namespace {

TEST(Error, SaysWhatWhereAndWhatToDo) {
  Error error(Code::invalid, "this is wrong", {.file = "gristmill.yaml", .line = 12, .column = 5},
              "write it otherwise");
  EXPECT_STREQ(error.what(), "this is wrong\n  at gristmill.yaml:12:5\n  hint: write it otherwise");
  EXPECT_STREQ(Error(Code::internal, "bug").what(), "bug");
}

TEST(Error, WherePrintsKnownPartsOnly) {
  EXPECT_EQ((Where{.table = "flights", .field = "dep_time", .row = 7}.text()),
            "table flights, column dep_time, row 8");
  EXPECT_EQ((Where{.file = "a.csv", .row = 0}.text()), "a.csv, row 1");
  EXPECT_EQ((Where{.line = 3}.text()), "line 3");
  EXPECT_TRUE(Where{}.empty());
  EXPECT_FALSE((Where{.row = 0}.empty()));
}

TEST(Error, JsonHoldsKnownParts) {
  nlohmann::json json = Error(Code::not_found, "m", {.field = "x", .row = 2}, "h").json();
  EXPECT_EQ(json, (nlohmann::json{{"code", "not_found"},
                                  {"message", "m"},
                                  {"where", {{"field", "x"}, {"row", 3}}},
                                  {"hint", "h"}}));
}

TEST(Error, AtFillsInWhatIsUnknown) {
  Error inner(Code::invalid, "m", {.field = "x"});
  Error outer = inner.at({.file = "f", .line = 3, .table = "t", .field = "y"});
  EXPECT_EQ(outer.where().text(), "f:3, table t, column x");
  Error placed(Code::invalid, "m", {.file = "g", .line = 0});
  EXPECT_EQ(placed.at({.file = "f", .line = 3}).where().text(), "g");
  EXPECT_EQ(Error(Code::invalid, "m", {}, "first").with_hint("second").hint(), "first");
  EXPECT_EQ(Error(Code::invalid, "m").with_hint("second").hint(), "second");
}

TEST(Nearest, FindsSlips) {
  std::vector<std::string> names = {"distance", "dep_delay", "arr_delay", "Carrier", "id"};
  EXPECT_EQ(nearest("distnce", names), "distance");
  EXPECT_EQ(nearest("idstance", names), "distance");
  EXPECT_EQ(nearest("carrier", names), "Carrier");
  EXPECT_EQ(nearest("ar_delay", names), "arr_delay");
  EXPECT_EQ(nearest("weather", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("xy", names), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), names), "");
}

TEST(Nearest, PrefersTheFirstOfEqualOnes) {
  std::vector<std::string> names = {"abcd", "abce"};
  EXPECT_EQ(nearest("abcx", names), "abcd");
}

TEST(DidYouMean, ListsFewCandidates) {
  std::vector<std::string> names = {"mean", "median"};
  EXPECT_EQ(did_you_mean("mea", names), "did you mean \"mean\"?");
  EXPECT_EQ(did_you_mean("zero", names), "known are: mean, median");
  EXPECT_EQ(did_you_mean("zero", {}), "");
  std::vector<std::string> many(50, "something");
  EXPECT_EQ(did_you_mean("zero", many), "");
}

}  // namespace
}  // namespace gristmill
