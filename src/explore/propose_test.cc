#include "explore/propose.h"

#include <gtest/gtest.h>

namespace gristmill {
namespace {

ColumnProfile column(const std::string& name, Type type, int64_t distinct, int64_t nulls = 0,
                     const std::string& least = "1", const std::string& greatest = "9") {
  return {{name, type, true}, nulls, distinct, least, greatest, 0, {}};
}

std::string propose(std::vector<ColumnProfile> columns, int64_t rows = 1000) {
  return propose_project("first", {{"here", "data/*.csv"}}, {{"here.t", rows, std::move(columns)}});
}

// The value of a key of the prediction, without its comment; "" when there is none.
std::string member(const std::string& text, const std::string& key) {
  const std::string line = "\n    " + key + ": ";
  const size_t at = text.find(line);
  if (at == std::string::npos) return "";
  const size_t begin = at + line.size();
  std::string value = text.substr(begin, text.find('\n', begin) - begin);
  const size_t comment = value.find(" #");
  if (comment != std::string::npos) value.resize(comment);
  while (!value.empty() && value.back() == ' ') value.pop_back();
  return value;
}

TEST(Propose, TheWholeFile) {
  ColumnProfile amount = column("amount", Type::string, 90);
  amount.odd_values = {"N/A", "-999"};
  const std::string text =
      propose_project("first", {{"here", "data/*.csv"}, {"ops", "sqlite:a b.db"}},
                      {{"here.few", 3, {column("x", Type::int64, 3)}},
                       {"here.many",
                        1000,
                        {column("id", Type::int64, 1000, 0, "1", "1000"),
                         column("day", Type::date, 300, 20, "2013-01-01", "2013-12-31"), amount,
                         column("late", Type::boolean, 2, 0, "false", "true")}}});
  EXPECT_EQ(text, R"(project: first

sources:                      # where the data lies; read only
  here: "data/*.csv"
  ops: "sqlite:a b.db"

# What is in them:
#   here.few: 3 rows
#     x int64, 1 … 9
#   here.many: 1000 rows
#     id int64, 1 … 1000
#     day date, 2 % missing, 2013-01-01 … 2013-12-31
#     amount string, 90 values
#     late boolean, false … true

# tables:                     # joined and shaped in SQL, for example:
#   joined: SELECT a.*, b.size FROM here.few a LEFT JOIN other.sizes b USING (id)

clean:                        # rules by table, run in the order written
  here.many:
    - missing: {values: [N/A, "-999"], columns: [amount]}   # amount is text for these values only
    - derive:
        amount: CAST(amount AS DOUBLE)

predict:
  late:                     # the model's name
    from: here.many
    # key: [id]              # if it names a row: never a feature, carried into every answer
    target: late        # a guess: write the column or expression that you want to predict
    # exclude: []             # columns that are known only afterwards
    # split: {time: day, validate: 15%, test: 15%}   # train on the past, test on what came later
    model: [linear, boosted-trees]
)");
}

// Yes or no before two words, before numbers with a fraction, before few words, before whole ones.
TEST(Propose, TheBestTarget) {
  std::vector<ColumnProfile> columns = {column("whole", Type::int64, 50)};
  auto expect = [&](const std::string& target) {
    EXPECT_EQ(member(propose(columns), "target"), target);
  };
  expect("whole");
  columns.insert(columns.begin(), column("words", Type::string, 5));
  expect("words");
  columns.insert(columns.begin(), column("fraction", Type::float64, 900));
  expect("fraction");
  columns.insert(columns.begin(), column("two", Type::string, 2, 0, "no", "yes"));
  expect("two");
  EXPECT_EQ(member(propose(columns), "positive"), "yes");
  columns.insert(columns.begin(), column("flag", Type::boolean, 2));
  expect("flag");
  EXPECT_EQ(member(propose(columns), "positive"), "");
  // Of equals the last: answers tend to stand at the end.
  columns.push_back(column("last", Type::boolean, 2));
  expect("last");
}

TEST(Propose, ANumberOfTwoValuesIsAQuestion) {
  EXPECT_EQ(member(propose({column("late", Type::int64, 2, 0, "0", "1")}), "target"), "late = 1");
}

TEST(Propose, NamesAreQuotedWhereSqlTakesThemForWords) {
  ColumnProfile left = column("left", Type::int64, 2, 0, "0", "1");
  EXPECT_EQ(member(propose({left}), "target"), "left = 1");
  left.keyword = true;
  left.odd_values = {"x"};
  const std::string text = propose({left, column("x #y", Type::int64, 2, 0, "0", "1")});
  EXPECT_NE(text.find("left: \"CAST(\\\"left\\\" AS DOUBLE)\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("target: \"\\\"x #y\\\" = 1\" "), std::string::npos) << text;
  EXPECT_NE(propose({left}).find("\n  left: "), std::string::npos);
  EXPECT_EQ(member(propose({left}), "target"), "\"\\\"left\\\" = 1\"");
  EXPECT_NE(propose({column("null", Type::boolean, 2)}).find("\n  \"null\": "), std::string::npos);
}

TEST(Propose, WhatCannotBeATarget) {
  for (const ColumnProfile& none :
       {column("constant", Type::boolean, 1), column("empty", Type::float64, 0, 1000),
        column("words", Type::string, 400), column("id", Type::int64, 1000),
        column("name", Type::string, 990), column("day", Type::date, 300),
        column("code", Type::int64, 480, 500), column("rare", Type::boolean, 2, 900),
        column("shop_id", Type::int64, 9), column("odd", Type::float64, 2, 0, "1.0", "nan")}) {
    const std::string text = propose({none});
    EXPECT_EQ(member(text, "target"), "\"\"") << none.field.name;
    EXPECT_NE(text.find("\n  answer:"), std::string::npos) << none.field.name;
  }
}

TEST(Propose, KeysAreNearlyDistinctAndWhole) {
  auto key = [](const ColumnProfile& candidate, int64_t rows = 1000) {
    return propose({candidate, column("late", Type::boolean, 2)}, rows).find("# key: [c]") !=
           std::string::npos;
  };
  EXPECT_TRUE(key(column("c", Type::int64, 1000)));
  EXPECT_TRUE(key(column("c", Type::string, 960)));  // an estimate
  EXPECT_FALSE(key(column("c", Type::string, 900)));
  EXPECT_FALSE(key(column("c", Type::string, 999, 1)));
  EXPECT_FALSE(key(column("c", Type::float64, 1000)));
  EXPECT_FALSE(key(column("c", Type::int64, 1), 1));
}

TEST(Propose, TextsAreQuotedWhereYamlWouldReadThemOtherwise) {
  ColumnProfile odd = column("x", Type::string, 90);
  odd.odd_values = {"plain", "true", "1", "a: b", "\"", "\\", "new\nline", "", "x #y"};
  EXPECT_NE(
      propose({odd}).find(R"(values: [plain, "true", "1", "a: b", "\"", "\\", "new\x0aline", )"
                          R"("", "x #y"])"),
      std::string::npos)
      << propose({odd});
}

}  // namespace
}  // namespace gristmill
