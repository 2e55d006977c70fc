// Almost equal tables as one: names, types, what is said of them.
#include "table/union_query.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace gristmill {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

class UnionQueryTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path(), .threads = 2}};

  // Defines a, b, c, … as these SELECTs, and stacks them.
  UnionQuery stack(const Lines& selects, const std::string& origin = "") {
    Lines names;
    for (size_t i = 0; i < selects.size(); ++i) {
      names.push_back(std::string(1, char('a' + i)));
      engine.define("", names.back(), "(" + selects[i] + ")");
    }
    return union_query(engine, names, origin);
  }
  Lines rows(const UnionQuery& query) {
    Lines out;
    for (const auto& row : engine.rows(query.sql + " ORDER BY ALL"))
      out.push_back(fmt::format("{}", fmt::join(row, "|")));
    return out;
  }
  // "name type name type"
  std::string columns(const UnionQuery& query) {
    std::string out;
    const Schema schema = engine.describe(query.sql);
    for (const Field& field : schema.fields())
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", field.name, name_of(field.type));
    return out;
  }
  std::string refused(const Lines& selects, const std::string& origin = "") {
    const Error error = failure([&] { stack(selects, origin); });
    EXPECT_EQ(error.code(), Code::invalid);
    return error.message();
  }
};

TEST_F(UnionQueryTest, EqualTablesAreStackedWithoutAWord) {
  const UnionQuery query = stack({"SELECT 1 AS x, 'p' AS y", "SELECT 'q' AS y, 2 AS x"});
  EXPECT_EQ(rows(query), (Lines{"1|p", "2|q"}));
  EXPECT_EQ(query.columns, json::array());
  EXPECT_TRUE(query.notes.empty() && query.warnings.empty());
  EXPECT_EQ(rows(stack({"SELECT 1 AS x"})), Lines{"1"});
}

TEST_F(UnionQueryTest, NamesAreMatchedWhateverTheirSpelling) {
  const UnionQuery query = stack(
      {"SELECT 1 AS order_id, 5 AS Änderung", "SELECT 2 AS \"Order ID\", 6 AS änderung",
       "SELECT 3 AS \"ORDER-ID\", 7 AS \"Änderung\"", "SELECT 4 AS \"order.id\", 8 AS ÄNDERUNG"});
  EXPECT_EQ(columns(query), "order_id int64, Änderung int64");
  EXPECT_EQ(rows(query), (Lines{"1|5", "2|6", "3|7", "4|8"}));
  EXPECT_EQ(query.columns[0], json::parse(R"({"name": "order_id", "type": "int64",
      "written": {"b": "Order ID", "c": "ORDER-ID", "d": "order.id"}})"));
  EXPECT_EQ(query.notes,
            (Lines{"column order_id is written `Order ID` in b, `ORDER-ID` in c, `order.id` in d",
                   "column Änderung is written `änderung` in b, `ÄNDERUNG` in d"}));
}

TEST_F(UnionQueryTest, WhatSpellingLeavesInDoubtIsAnError) {
  EXPECT_EQ(refused({"SELECT 1 AS order_id, 2 AS orderid", "SELECT 3 AS \"order-id\""}),
            "columns `order_id` and `orderid` of a may both be `order-id` of b");
  EXPECT_EQ(refused({"SELECT 3 AS \"order-id\"", "SELECT 1 AS order_id, 2 AS orderid"}),
            "columns `order_id` and `orderid` of b may both be `order-id` of a");
  // Spelled alike, there is no doubt.
  const UnionQuery query = stack({"SELECT 1 AS order_id, 2 AS orderid",
                                  "SELECT 4 AS OrderID, 3 AS Order_ID", "SELECT 5 AS orderid"});
  EXPECT_EQ(rows(query), (Lines{"1|2", "3|4", "|5"}));
}

TEST_F(UnionQueryTest, AMissingColumnIsNull) {
  const UnionQuery query = stack(
      {"SELECT 1 AS id, 9 AS fee", "SELECT 2 AS id", "SELECT 3 AS id, 8 AS fee, [1, 2] AS list"});
  EXPECT_EQ(columns(query), "id int64, fee int64, list string");
  EXPECT_EQ(rows(query), (Lines{"1|9|", "2||", "3|8|[1,2]"}));
  EXPECT_EQ(query.columns, json::parse(R"([{"name": "fee", "type": "int64", "missing_in": ["b"]},
      {"name": "list", "type": "string", "missing_in": ["a", "b"]}])"));
  EXPECT_EQ(query.notes, (Lines{"column fee is missing in b: null in its rows",
                                "column list is only in c: null in the rows of the others"}));
}

TEST_F(UnionQueryTest, TypesBecomeTheNarrowestThatHoldsAll) {
  const auto type = [&](const std::string& one, const std::string& other) {
    const std::string written =
        columns(stack({"SELECT " + one + " AS x", "SELECT " + other + " AS x"}));
    EXPECT_EQ(columns(stack({"SELECT " + other + " AS x", "SELECT " + one + " AS x"})), written);
    return written.substr(2);
  };
  EXPECT_EQ(type("1::SMALLINT", "2::BIGINT"), "int64");
  EXPECT_EQ(type("1::BIGINT", "2.5::DOUBLE"), "float64");
  EXPECT_EQ(type("1.25::DECIMAL(38, 2)", "0.0000000001::DECIMAL(38, 38)"), "float64");
  EXPECT_EQ(type("true", "2"), "int64");
  EXPECT_EQ(type("DATE '2024-01-31'", "TIMESTAMP '2024-01-31 10:00:00'"), "timestamp");
  EXPECT_EQ(type("DATE '2024-01-31'", "TIMESTAMPTZ '2024-01-31 10:00:00+00'"), "timestamptz");
  EXPECT_EQ(type("1", "'a'"), "string");
  EXPECT_EQ(type("1", "DATE '2024-01-31'"), "string");
  EXPECT_EQ(type("[1]", "'a'"), "string");
  const UnionQuery wider = stack({"SELECT 1 AS x", "SELECT 2.5::DOUBLE AS x"});
  EXPECT_EQ(wider.notes, Lines{"column x becomes float64: it is int64 in a"});
  EXPECT_EQ(wider.columns,
            json::parse(R"([{"name": "x", "type": "float64", "types": {"a": "int64"}}])"));
  const UnionQuery text = stack({"SELECT 1 AS x", "SELECT 'n/a' AS x", "SELECT [7] AS x"});
  EXPECT_EQ(rows(text), (Lines{"1", "[7]", "n/a"}));
  EXPECT_EQ(text.warnings, Lines{"column x becomes string: it is int64 in a"});
  EXPECT_THROW(stack({"SELECT 2.5::DOUBLE AS x", "SELECT 'k.A.' AS x"}), Error);
}

TEST_F(UnionQueryTest, AColumnWithoutAValueIsOfAnyType) {
  const UnionQuery query = stack({"SELECT 1 AS x", "SELECT NULL::VARCHAR AS x"});
  EXPECT_EQ(columns(query), "x int64");
  EXPECT_EQ(query.notes, Lines{"column x has no value in b"});
  EXPECT_EQ(columns(stack({"SELECT NULL::VARCHAR AS x", "SELECT NULL::VARCHAR AS x"})), "x string");
}

TEST_F(UnionQueryTest, AMisspelledColumnIsSuspected) {
  const UnionQuery query =
      stack({"SELECT 1 AS id, 'p' AS customer", "SELECT 2 AS id, 'q' AS custmer"});
  EXPECT_EQ(query.warnings,
            Lines{"column custmer is in b alone, which has no customer: misspelled?"});
  EXPECT_EQ(
      query.columns[1],
      json::parse(
          R"({"name": "custmer", "type": "string", "missing_in": ["a"], "maybe": "customer"})"));
  EXPECT_EQ(stack({"SELECT 1 AS id, 'p' AS customer", "SELECT 1 AS id, 'p' AS customer",
                   "SELECT 2 AS id, 'q' AS costumer"})
                .warnings,
            Lines{"column costumer is in c alone, which has no customer: misspelled?"});
  // Numbers mean what they say, and who has both means both.
  EXPECT_TRUE(stack({"SELECT 1 AS id, 2 AS sales_2023", "SELECT 1 AS id, 2 AS sales_2024"})
                  .warnings.empty());
  EXPECT_TRUE(stack({"SELECT 1 AS id, 2 AS price", "SELECT 1 AS id, 2 AS price, 3 AS prices"})
                  .warnings.empty());
}

TEST_F(UnionQueryTest, TheOriginIsAColumn) {
  EXPECT_EQ(rows(stack({"SELECT 1 AS x", "SELECT 1 AS x"}, "month")), (Lines{"1|a", "1|b"}));
  EXPECT_EQ(refused({"SELECT 1 AS x", "SELECT 1 AS \"_x\""}, "X"),
            "`origin` names the column `X`, which the tables have");
}

TEST_F(UnionQueryTest, TablesWithNothingInCommonAreAnError) {
  EXPECT_EQ(refused({"SELECT 1 AS x", "SELECT 1 AS y"}), "a has no column in common with b");
  EXPECT_EQ(refused({"SELECT 1 AS x", "SELECT 1 AS x", "SELECT 1 AS y"}),
            "c has no column in common with the other tables");
}

}  // namespace
}  // namespace gristmill
