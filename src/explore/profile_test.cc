#include "explore/profile.h"

#include <gtest/gtest.h>

namespace gristmill {
namespace {

class ProfileTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path(), .threads = 1, .memory_bytes = 1 << 28}};

  TableProfile profile(const std::string& sql) {
    return profile_table(engine, "here.t", "(" + sql + ")", engine.describe(sql));
  }
};
using Texts = std::vector<std::string>;

TEST_F(ProfileTest, CountsAndBoundsOfEachType) {
  const TableProfile table = profile(
      "SELECT * FROM (VALUES (1::BIGINT, 0.5::DOUBLE, true, DATE '2013-01-05', 'b'), "
      "(-3, NULL, NULL, DATE '1999-12-31', ''), (NULL, 2.25, false, NULL, NULL), "
      "(1, 0.5, true, NULL, 'a')) AS v(\"who \"\"is\"\"\", f, b, d, s)");
  EXPECT_EQ(table.name, "here.t");
  EXPECT_EQ(table.rows, 4);
  std::vector<std::string> lines;
  for (const ColumnProfile& column : table.columns) {
    lines.push_back(fmt::format("{} {} nulls {} {} … {}", column.field.name,
                                name_of(column.field.type), column.nulls, column.least,
                                column.greatest));
  }
  EXPECT_EQ(lines, (Texts{"who \"is\" int64 nulls 1 -3 … 1", "f float64 nulls 1 0.5 … 2.25",
                          "b boolean nulls 1 false … true",
                          "d date nulls 2 1999-12-31 … 2013-01-05", "s string nulls 1  … b"}));
}

TEST_F(ProfileTest, DistinctValuesAreCountedOrEstimated) {
  const TableProfile table = profile(
      "SELECT i, i % 100 AS hundred, i // 25 AS many, 7 AS one, 'n' || (i % 8000) AS texts, "
      "sin(i) AS reals, i % 30000 + 1e9 AS far, NULL::VARCHAR AS none FROM range(50000) AS r(i)");
  const std::vector<int64_t> truth = {50000, 100, 2000, 1, 8000, 50000, 30000, 0};
  for (size_t c = 0; c < truth.size(); ++c) {
    const double allowed = truth[c] <= 512 ? 0 : 0.054 * double(truth[c]);
    EXPECT_NEAR(double(table.columns[c].distinct), double(truth[c]), allowed)
        << table.columns[c].field.name;
  }
}

TEST_F(ProfileTest, KeywordsOfSqlAreKnown) {
  std::vector<std::string> words;
  for (const ColumnProfile& column :
       profile("SELECT 1 AS \"Order\", 2 AS \"left\", 3 AS year, 4 AS \"true\", 5 AS x").columns) {
    if (column.keyword) words.push_back(column.field.name);
  }
  EXPECT_EQ(words, (Texts{"Order", "left", "true"}));
}

// Text that is nearly all numbers tells what else is in it, the most frequent first.
TEST_F(ProfileTest, OddValuesAmongNumbers) {
  const std::string sql =
      "SELECT CASE WHEN i % 10 = 0 THEN 'N/A' WHEN i % 35 = 1 THEN '-' WHEN i = 7 THEN '12 kg' "
      "WHEN i = 8 THEN NULL ELSE i::VARCHAR END AS x FROM range(200) AS r(i)";
  const ColumnProfile column = profile(sql).columns[0];
  EXPECT_EQ(column.odd_values, (Texts{"N/A", "-", "12 kg"}));
  EXPECT_EQ(column.not_numbers, 20 + 6 + 1);
  EXPECT_EQ(column.nulls, 1);
}

TEST_F(ProfileTest, AtMostFiveOddValues) {
  const ColumnProfile column =
      profile(
          "SELECT CASE WHEN i < 8 THEN 'odd' || i ELSE i::VARCHAR END AS x "
          "FROM range(100) AS r(i)")
          .columns[0];
  EXPECT_EQ(column.odd_values, (Texts{"odd0", "odd1", "odd2", "odd3", "odd4"}));
  EXPECT_EQ(column.not_numbers, 8);
}

// A fifth of other values, or numbers alone, or no value at all: nothing is odd.
TEST_F(ProfileTest, TextThatIsNoNumber) {
  for (const char* sql :
       {"SELECT CASE WHEN i % 5 = 0 THEN 'word' ELSE i::VARCHAR END AS x FROM range(100) AS r(i)",
        "SELECT i::VARCHAR AS x FROM range(100) AS r(i)", "SELECT 'word' AS x",
        "SELECT NULL::VARCHAR AS x FROM range(100)",
        "SELECT '1' AS x FROM range(100) WHERE range < 0"})
    EXPECT_TRUE(profile(sql).columns[0].odd_values.empty()) << sql;
}

TEST_F(ProfileTest, AnEmptyTable) {
  const TableProfile table = profile("SELECT 1::BIGINT AS i, 'a' AS s WHERE false");
  EXPECT_EQ(table.rows, 0);
  ASSERT_EQ(table.columns.size(), 2u);
  for (const ColumnProfile& column : table.columns) {
    EXPECT_EQ(column.nulls + column.distinct + column.not_numbers, 0);
    EXPECT_EQ(column.least + column.greatest, "");
  }
}

}  // namespace
}  // namespace gristmill
