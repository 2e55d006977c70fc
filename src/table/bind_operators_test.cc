// Each operator against DuckDB itself: the same answer to the last bit, the same rows that fail.
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

TEST_F(BindTest, EveryOperatorAnswersAsDuckDb) {
  fill(300, 1);
  for (const char* text : {"a + a2",
                           "a - a2",
                           "a * a2",
                           "a / a2",
                           "a // a2",
                           "a % a2",
                           "-a",
                           "+a",
                           "a ** 2",
                           "a ^ a2",
                           "b + b2",
                           "b - b2",
                           "b * b2",
                           "b / b2",
                           "b // b2",
                           "b % b2",
                           "-b",
                           "b ** b2",
                           "pow(b, a)",
                           "power(a, 0)",
                           "mod(a, a2)",
                           "divide(a, a2)",
                           "add(a, 1)",
                           "subtract(a, 1)",
                           "multiply(b, a)",
                           "a + b",
                           "a / 0",
                           "a // 0",
                           "a % 0",
                           "b / 0",
                           "b % 0",
                           "1 / b",
                           "0 - a",
                           "abs(a)",
                           "abs(b)",
                           "@a",
                           "round(a)",
                           "round(b)",
                           "round(b, 2)",
                           "round(b, -1)",
                           "round(a, -1)",
                           "round(a, -19)",
                           "round(a, -18)",
                           "round(a, 3)",
                           "round(b, 400)",
                           "round(b, -400)",
                           "round(b, a2::INTEGER)",
                           "floor(a)",
                           "floor(b)",
                           "ceil(b)",
                           "ceiling(b)",
                           "sqrt(a)",
                           "sqrt(b)",
                           "ln(a)",
                           "ln(b)",
                           "exp(b)",
                           "exp(a)",
                           "(a + a2) * b - 3"}) {
    compare(text);
  }
}

TEST_F(BindTest, ComparisonAndLogicAnswerAsDuckDb) {
  fill(300, 2);
  for (const char* pair : {"a {} a2",
                           "b {} b2",
                           "s {} s2",
                           "f {} f2",
                           "a {} b",
                           "a {} 3",
                           "b {} 1",
                           "s {} 'abc'",
                           "d {} ts",
                           "ts {} d",
                           "tz {} ts",
                           "tz {} d",
                           "n {} a",
                           "d {} '2013-01-01'",
                           "ts {} '2013-01-01 00:00:00'",
                           "a {} NULL",
                           "tz {} '2013-01-01 02:00:00+02'",
                           "b {} 'nan'::DOUBLE",
                           "0 {} b",
                           "ts {} 'infinity'",
                           "d {} DATE '-infinity'",
                           "f {} true"}) {
    for (const char* sign :
         {"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}) {
      compare(fmt::format(fmt::runtime(pair), sign));
    }
  }
  for (const char* text : {"a IS NULL",
                           "s IS NOT NULL",
                           "n IS NULL",
                           "a BETWEEN 0 AND a2",
                           "b NOT BETWEEN b2 AND 2",
                           "a IN (1, 2, 3)",
                           "a NOT IN (1, 2)",
                           "a IN (1, NULL)",
                           "a IN (a2, 3)",
                           "b IN (0, 1, 2)",
                           "b IN ('nan'::DOUBLE, -0e0)",
                           "s IN ('abc', 'x', '')",
                           "s NOT IN ('abc', NULL)",
                           "s IN (s2, 'x')",
                           "f IN (true)",
                           "d IN ('2013-01-01', '1970-01-01')",
                           "n IN (1, 2)",
                           "f AND f2",
                           "f OR f2",
                           "NOT f",
                           "f AND a > 0 AND b < 1",
                           "f OR a > 0 OR s = 'x'",
                           "NOT (a > 1)",
                           "f IS TRUE",
                           "f IS NOT TRUE",
                           "f IS FALSE",
                           "f IS NOT FALSE",
                           "f IS UNKNOWN",
                           "f AND NULL",
                           "f OR NULL",
                           "true AND f",
                           "f OR false",
                           "a AND f",
                           "NOT a",
                           "f AND s::BIGINT > 0",
                           "s::DOUBLE > 0 OR f",
                           "a <> 0 AND 10 % a > 1"}) {
    compare(text);
  }
}

TEST_F(BindTest, ChoicesComputeOnlyTheBranchesOfARow) {
  fill(300, 3);
  for (const char* text : {"CASE WHEN a <> 0 THEN 1 / a END",
                           "CASE WHEN f THEN s::BIGINT ELSE a END",
                           "CASE WHEN f THEN s::BIGINT WHEN f2 THEN s2::BIGINT END",
                           "CASE a WHEN 1 THEN 'one' WHEN a2 THEN 'same' ELSE s END",
                           "CASE WHEN s::BIGINT > 0 THEN 1 WHEN f THEN 2 ELSE 3 END",
                           "CASE WHEN NULL THEN 1 END",
                           "CASE WHEN f THEN f2 ELSE a > 0 END",
                           "CASE WHEN f THEN d ELSE ts END",
                           "CASE WHEN b > 0 THEN ln(b) WHEN b < 0 THEN sqrt(-b) ELSE 0 END",
                           "CASE WHEN true THEN a END",
                           "if(f, a, b)",
                           "coalesce(a, a2)",
                           "coalesce(a, s::BIGINT, 0)",
                           "coalesce(TRY_CAST(s AS BIGINT), TRY_CAST(s2 AS BIGINT), -1)",
                           "coalesce(s, s2, 'none')",
                           "coalesce(NULL, f)",
                           "coalesce(a + a2, 5)",
                           "ifnull(a, 0)",
                           "nullif(a, 0)",
                           "nullif(s, '')",
                           "greatest(a, a2)",
                           "least(a, a2, 3)",
                           "greatest(a, b, 1)",
                           "greatest(b, b2)",
                           "least(b, b2)",
                           "greatest(s, s2)",
                           "least(s, 'abc')",
                           "greatest(f, f2)",
                           "least(d, DATE '2013-01-01')",
                           "greatest(ts, d)",
                           "greatest(a, NULL)",
                           "greatest(n, n)",
                           "greatest(0e0, b, -0e0)",
                           "least(a)",
                           "greatest(a, s::BIGINT)"}) {
    compare(text);
  }
}

}  // namespace
}  // namespace gristmill
