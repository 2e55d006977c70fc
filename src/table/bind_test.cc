// What people write: numbers with a point, names of columns, and what is refused in which words.
#include "table/bind.h"

#include "table/engine.h"
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

TEST_F(BindTest, NumbersWithAPointAreDouble) {
  fill(50, 9);
  for (auto [text, meaning] : std::vector<std::pair<std::string, std::string>>{
           {"a + 1.5", "a + 1.5e0"},
           {"b > -1.5 AND b < .5", "b > -1.5e0 AND b < .5e0"},
           {"'ä' = s OR b IN (1., 2.25, - 3.5)", "'ä' = s OR b IN (1e0, 2.25e0, -3.5e0)"},
           {"9223372036854775808 > b", "9223372036854775808e0 > b"},
           {"-9223372036854775809 + b", "-9223372036854775809e0 + b"},
           {"1_000.5 * a", "1000.5e0 * a"},
           {"CASE a WHEN 1.0 THEN 2.5 ELSE greatest(0.1, b) END",
            "CASE a WHEN 1.0e0 THEN 2.5e0 ELSE greatest(0.1e0, b) END"},
           {"round(b * 1.15, 1) -- 2.5", "round(b * 1.15e0, 1)"},
           {"a BETWEEN -0.5 AND +0.5", "a BETWEEN -0.5e0 AND 0.5e0"}}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(actual(bind(text), rows_.view()), expected(meaning));
  }
  // Whole numbers are BIGINT all the way.
  EXPECT_EQ(actual(bind("2147483647 + 1"), rows_.view())[0], "2147483648");
  EXPECT_EQ(bind("a::INTEGER * 3000000000").type(), Type::int64);
}

TEST_F(BindTest, ColumnsMayHaveAnyName) {
  const Schema schema({{"select", Type::int64},
                       {"a b", Type::int64},
                       {"größe", Type::int64},
                       {"with \"quotes\"", Type::int64},
                       {"it's", Type::int64},
                       {"Upper", Type::int64},
                       {"x", Type::int64},
                       {"X", Type::int64},
                       {"r", Type::int64},
                       {"one_row", Type::int64},
                       {"current_date", Type::int64}});
  BatchBuffer rows(schema);
  for (size_t c = 0; c < schema.size(); ++c) rows[c].append(int64_t(1) << c);
  const std::string text =
      "\"select\" + \"a b\" + größe + \"with \"\"quotes\"\"\" + \"it's\" + UPPER + \"X\" + r + "
      "one_row";
  const Expr expr = bind_expression(duck_.ask(), text, schema);
  EXPECT_EQ(actual(expr, rows.view())[0],
            std::to_string(1 + 2 + 4 + 8 + 16 + 32 + 128 + 256 + 512));
  EXPECT_EQ(expr.columns().size(), 9u);
  EXPECT_EQ(actual(bind_expression(duck_.ask(), "x", schema), rows.view())[0], "64");
  EXPECT_NE(refusal("x + \"X\"", schema).message().find("differ only in case"), std::string::npos);
}

TEST_F(BindTest, RefusesByName) {
  for (auto [text, word] : std::vector<std::pair<std::string, std::string>>{
           {"random()", "`random` changes from run to run"},
           {"now()", "`now` changes from run to run"},
           {"current_date", "`current_date` changes from run to run"},
           {"uuid()", "changes from run to run"},
           {"sum(a)", "the aggregate `sum`"},
           {"count(*)", "the aggregate `count(*)`"},
           {"avg(a) + 1", "the aggregate `avg`"},
           {"row_number() OVER ()", "the window function `row_number`"},
           {"(SELECT 1)", "a subquery"},
           {"a IN (SELECT 1)", "a subquery"},
           {"EXISTS (SELECT 1)", "a subquery"},
           {"select a", "a subquery"},
           {"?", "the parameter"},
           {"$since", "the parameter `$since`"},
           {"*", "`*`"},
           {"COLUMNS(*)", "`*`"},
           {"#1", "a column by number"},
           {"s COLLATE NOCASE", "COLLATE"},
           {"a; SELECT 2", "syntax error"},
           {"a) AS r; SELECT (b", "one expression is due"},
           {"a) AS x, (b", "one expression is due"},
           {"a) UNION SELECT (b", "one expression is due"},
           {"a) AS q FROM (SELECT 1 AS a", "one expression is due"},
           {"a, b", "(a, b)"},
           {"reverse(s)", "`reverse` is not among"},
           {"s GLOB 'x*'", "`GLOB` is not among"},
           {"s LIKE 'x$%' ESCAPE '$'", "`ESCAPE` is not among"},
           {"s[1:2]", "is not among"},
           {"lower(a)", "no function or operator takes lower(BIGINT)"},
           {"d - d", "on dates and times"},
           {"d + INTERVAL 1 DAY", "is not among"},
           {"[a]", "is not among"},
           {"a & 1", "`&` is not among"},
           {"try(s::BIGINT)", "`TRY` is not among"},
           {"error('x')", "`error`"},
           {"foo(a)", "there is no function `foo`"},
           {"s::DECIMAL(10, 2)", "no type DECIMAL"},
           {"a::FLOAT", "no type FLOAT"},
           {"a::HUGEINT", "no type HUGEINT"},
           {"a::UTINYINT", "no type UTINYINT"},
           {"a::DATE", "a cast from BIGINT to DATE"},
           {"d::BIGINT", "a cast from DATE to BIGINT"},
           {"date_part(s, d)", "the part of `date_part` must be a constant"},
           {"date_part('yer', d)", "extract specifier \"yer\" not recognized"},
           {"date_part('era', d)", "`era` of a time is not among the parts"},
           {"regexp_matches(s, s2)", "must be constants"},
           {"regexp_matches(s, '(')", "missing )"},
           {"regexp_matches(s, 'a', 'x')", "option x"},
           {"regexp_extract(s, 'a', 10)", "Group index"},
           {"regexp_extract(s, '(a)', ['x'])", "no type STRUCT"},
           {"regexp_replace(s, 'a', 'b')", "`regexp_replace` is not among"},
           {"julian(d)", "`julian` is not among"},
           {"last_day(d)", "`last_day` is not among"},
           {"a = 'abc'", "cannot cast \"abc\" to BIGINT"},
           {"d > 'abc'", "\"abc\" is not a DATE"},
           {"CAST(a AS foo)", "foo"},
           {"round(b, a)", "no function or operator takes round(DOUBLE, BIGINT)"},
           {"1e400", "beyond the range of DOUBLE"},
           {"", "empty"},
           {"  -- nothing", "too early"},
           {std::string("a\0b", 3), "NUL"},
           {"a +", "too early"},
           {"(a", "too early"},
           {"a = = b", "at character 5: syntax error at or near \"=\""},
           {"größe + + )", "at character 11"},
           {"'open", "unterminated quoted string"},
           {"a /* open", "unterminated /* comment"},
           {"s > 1", "at character 3"},
           {"1.5 + 2.5 + (s > 1)", "at character 16"},
           {"'ä' = s OR 1.5 = s > 1", "at character"},
           {"'ä' = s OR s > 1", "at character 14"}}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code(), Code::invalid) << text;
    EXPECT_NE(error.message().find(word), std::string::npos) << text << " → " << error.what();
  }
  EXPECT_THROW(bind(std::string(100'000, '1')), Error);
  EXPECT_THROW(bind(std::string(30'000, '(') + "a" + std::string(30'000, ')')), Error);
  EXPECT_THROW(bind("a" + std::string(600, '+') + "a"), Error);
  std::string sum = "a";
  for (int i = 0; i < 300; ++i) sum += "+a";
  EXPECT_NE(refusal(sum).message().find("deeper than"), std::string::npos);
}

TEST_F(BindTest, AMissingColumnNamesTheNearest) {
  const Schema schema({{"distance", Type::int64}, {"dep_time", Type::int64}});
  const Error error = refusal("distanse * 2", schema);
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"distance\"?");
  EXPECT_EQ(error.where().field, "distanse");
  EXPECT_EQ(refusal("t.distance", schema).code(), Code::not_found);
}

TEST_F(BindTest, ErrorsNameTheRowTheValueAndTheColumn) {
  BatchBuffer rows(test_schema());
  for (const char* text : {"1", "abc", "2", "x"}) {
    for (size_t c = 0; c < test_schema().size(); ++c) {
      if (test_schema()[c].name == "s") {
        rows[c].append(std::string_view(text));
      } else {
        rows[c].append_null();
      }
    }
  }
  Scratch scratch;
  const Column column = bind("coalesce(s::BIGINT, 7) + 1").evaluate(rows.view(), scratch);
  ASSERT_EQ(scratch.errors.size(), 2u);
  EXPECT_EQ(scratch.errors[0].row, 1);
  EXPECT_EQ(scratch.errors[0].field, "s");
  EXPECT_EQ(scratch.errors[0].message, "cannot cast \"abc\" to BIGINT");
  EXPECT_EQ(scratch.errors[1].row, 3);
  EXPECT_EQ(column.null_count(), 2);
}

TEST(EngineBindTest, TheEngineBinds) {
  Engine engine{EngineOptions{}};
  const Expr expr = engine.bind("tz >= '2013-10-01' AND a * 1.5 > b", test_schema());
  EXPECT_EQ(expr.type(), Type::boolean);
  EXPECT_EQ(expr.columns(), (std::vector<std::string>{"a", "b", "tz"}));
  EXPECT_THROW(engine.bind("a +", test_schema()), Error);
  EXPECT_THROW(engine.bind("random() > 0", test_schema()), Error);
}

}  // namespace
}  // namespace gristmill
