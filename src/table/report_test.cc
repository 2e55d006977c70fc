#include <gtest/gtest.h>

#include "table/version.h"

namespace gristmill {
namespace {

class ReportTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path(), .threads = 2}};

  void SetUp() override {
    engine.execute(
        "CREATE SCHEMA ops; CREATE TABLE ops.flights AS SELECT i, i % 10 AS origin, i % 100 AS "
        "hour, "
        "i % 50 AS tailnum FROM range(1000) r(i);"
        "CREATE TABLE weather AS SELECT o AS origin, h AS hour, o + h AS temp "
        "FROM range(9) a(o), range(100) b(h);"
        "CREATE TABLE planes AS SELECT (t % 40) AS tailnum, t AS year FROM range(80) r(t)");
  }

  int64_t rows_of(const QueryReport& report, const std::string& table) {
    for (const auto& [name, rows] : report.rows_in) {
      if (name == table) return rows;
    }
    return -1;
  }
};

TEST_F(ReportTest, CountsEachJoinOfAChain) {
  QueryReport report = report_query(
      engine,
      "SELECT f.*, w.temp, p.year FROM ops.flights f LEFT JOIN weather w USING (origin, hour) "
      "JOIN planes p ON p.tailnum = f.tailnum AND p.year >= 40 WHERE w.temp > 3 -- end\n;");
  ASSERT_EQ(report.joins.size(), 2u);
  EXPECT_EQ(report.joins[0].left, "ops.flights");
  EXPECT_EQ(report.joins[0].right, "weather");
  EXPECT_EQ(report.joins[0].kind, "left");
  EXPECT_EQ(report.joins[0].on, "origin, hour");
  EXPECT_EQ(report.joins[0].left_rows, 1000);
  EXPECT_EQ(report.joins[0].matched, 900);
  EXPECT_EQ(report.joins[0].joined_rows, 1000);
  EXPECT_EQ(report.joins[1].kind, "inner");
  EXPECT_EQ(report.joins[1].left_rows, 1000);
  EXPECT_EQ(report.joins[1].matched, 800);
  EXPECT_EQ(report.joins[1].joined_rows, 800);
  EXPECT_NE(report.joins[1].on.find("p.tailnum = f.tailnum"), std::string::npos);
  EXPECT_EQ(rows_of(report, "ops.flights"), 1000);
  EXPECT_EQ(rows_of(report, "weather"), 900);
  EXPECT_EQ(rows_of(report, "planes"), 80);
  EXPECT_TRUE(report.warnings.empty());
  EXPECT_DOUBLE_EQ(report.json()["joins"][0]["match_rate"].get<double>(), 0.9);
  EXPECT_EQ(
      engine.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'gristmill%'")[0][0],
      "0");
}

// Those below WITH, UNION and a SELECT in FROM stand before those above.
TEST_F(ReportTest, CountsTheJoinsOfEachSelect) {
  const QueryReport report =
      report_query(engine,
                   "WITH few AS (SELECT * FROM ops.flights WHERE i < 500), "
                   "warm AS (SELECT s.*, w.temp FROM few s JOIN weather w USING (origin, hour)) "
                   "SELECT * FROM warm LEFT JOIN (SELECT p.* FROM planes p JOIN ops.flights f ON "
                   "f.i = p.year) q "
                   "USING (tailnum) UNION ALL BY NAME "
                   "SELECT f.* FROM ops.flights f JOIN planes p ON f.i = p.year");
  std::vector<std::string> lines;
  for (const JoinReport& join : report.joins) {
    lines.push_back(fmt::format("{} {} {}: {} of {} give {}", join.left, join.kind, join.right,
                                join.matched, join.left_rows, join.joined_rows));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"few inner weather: 450 of 500 give 450",
                                             "planes inner ops.flights: 80 of 80 give 80",
                                             "warm left q: 360 of 450 give 810",
                                             "ops.flights inner planes: 80 of 1000 give 80"}));
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_NE(report.warnings[0].find("the left join with q multiplies rows"), std::string::npos);
  EXPECT_EQ(rows_of(report, "ops.flights"), 1000);
}

// What stands in WHERE is the condition of a comma.
TEST_F(ReportTest, CountsJoinsWrittenWithACommaAndThoseByTheNearest) {
  QueryReport report = report_query(
      engine,
      "SELECT * FROM ops.flights f, weather w, planes p WHERE f.origin = w.origin AND f.i > 3 AND "
      "w.hour = f.hour AND p.tailnum = f.tailnum");
  ASSERT_EQ(report.joins.size(), 2u);
  EXPECT_EQ(report.joins[0].matched, 900);
  EXPECT_EQ(report.joins[0].on, "((f.origin = w.origin) AND (w.\"hour\" = f.\"hour\"))");
  EXPECT_EQ(report.joins[1].left_rows, 900);
  EXPECT_EQ(report.joins[1].matched, 720);
  EXPECT_EQ(report.joins[1].joined_rows, 1440);
  EXPECT_EQ(report_query(engine, "SELECT * FROM planes p, weather w WHERE p.year > 3").joins.size(),
            0u);

  report = report_query(engine,
                        "SELECT * FROM ops.flights f ASOF LEFT JOIN (SELECT * FROM planes WHERE "
                        "year >= 10) p ON f.i >= p.year JOIN planes o ON o.tailnum = f.tailnum");
  ASSERT_EQ(report.joins.size(), 2u);
  EXPECT_EQ(report.joins[0].kind, "asof left");
  EXPECT_EQ(report.joins[0].matched, 990);
  EXPECT_EQ(report.joins[0].joined_rows, 1000);
  report = report_query(engine,
                        "SELECT * FROM ops.flights f ASOF JOIN planes p ON f.i >= p.year "
                        "AND f.tailnum = p.tailnum");
  ASSERT_EQ(report.joins.size(), 1u);
  EXPECT_EQ(report.joins[0].matched, report.joins[0].joined_rows);
  EXPECT_TRUE(report.warnings.empty());
}

TEST_F(ReportTest, ATableGivenRowForRowIsNotCounted) {
  const auto whole = [&](const std::string& sql) {
    const QueryReport report = report_query(engine, sql);
    EXPECT_NE(report.whole.empty(), report.rows_in.empty()) << sql;
    return report.whole;
  };
  EXPECT_EQ(whole("SELECT * FROM ops.flights"), "ops.flights");
  EXPECT_EQ(whole("SELECT t.tailnum + 1 AS next, t.year::VARCHAR FROM planes t"), "planes");
  for (const char* sql :
       {"SELECT count(*) FROM planes", "SELECT unnest([1, 2]) FROM planes",
        "SELECT * FROM planes LIMIT 3", "SELECT DISTINCT year FROM planes",
        "SELECT year FROM planes GROUP BY year", "SELECT * FROM planes WHERE year > 3",
        "SELECT * FROM planes QUALIFY row_number() OVER () = 1",
        "WITH p AS (SELECT * FROM planes WHERE year > 3) SELECT * FROM p"})
    EXPECT_EQ(whole(sql), "") << sql;
}

TEST_F(ReportTest, SaysThatAJoinMultipliesRows) {
  QueryReport report =
      report_query(engine, "SELECT * FROM ops.flights LEFT JOIN planes USING (tailnum)");
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(
      report.warnings[0],
      "the left join with planes multiplies rows: 1,000 become 1,800; tailnum is not unique in "
      "planes");
  report = report_query(
      engine, "SELECT * FROM ops.flights f JOIN planes p ON f.tailnum = p.tailnum + 1000");
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_NE(report.warnings[0].find("no match"), std::string::npos);
}

TEST_F(ReportTest, WarnsOfWhatHangsOnTheOrderOfRows) {
  auto warnings = [&](const std::string& sql) { return report_query(engine, sql).warnings; };
  for (const char* sql :
       {"SELECT origin, first(i) AS f FROM ops.flights GROUP BY origin",
        "SELECT * FROM (SELECT * FROM ops.flights LIMIT 3)",
        "SELECT DISTINCT ON (origin) * FROM ops.flights",
        "WITH t AS (SELECT string_agg(i::VARCHAR) AS s FROM ops.flights) SELECT * FROM t"}) {
    EXPECT_EQ(warnings(sql).size(), 1u) << sql;
  }
  for (const char* sql :
       {"SELECT origin, first(i ORDER BY hour) AS f, max(i) AS m FROM ops.flights GROUP BY origin",
        "SELECT * FROM (SELECT * FROM ops.flights ORDER BY i LIMIT 3)",
        "SELECT DISTINCT ON (origin) * FROM ops.flights ORDER BY origin, i",
        "SELECT DISTINCT origin, first_value(i) OVER (ORDER BY i) AS f FROM ops.flights"}) {
    EXPECT_TRUE(warnings(sql).empty()) << sql << "\n" << warnings(sql)[0];
  }
}

// Counted in one pass where right sides are unique, join by join where they are not: both must say
// what plain SQL says.
TEST_F(ReportTest, BothWaysOfCountingAgreeWithSql) {
  engine.execute(
      "CREATE TABLE a AS SELECT i, i % 7 AS k, CASE WHEN i % 5 = 0 THEN NULL ELSE i % 11 END AS m "
      "FROM range(500) r(i);"
      "CREATE TABLE b AS SELECT i AS k, i * 2 AS bv FROM range(5) r(i);"
      "CREATE TABLE c AS SELECT i AS cm, i AS cv FROM range(3, 20) r(i);"
      "CREATE TABLE c2 AS SELECT * FROM c UNION ALL SELECT * FROM c WHERE cm < 6");
  auto count = [&](const std::string& sql) {
    return std::stoll(engine.rows("SELECT count(*) FROM " + sql)[0][0]);
  };
  for (std::string first : {"LEFT", "INNER"}) {
    for (std::string second : {"LEFT", "INNER", "RIGHT", "FULL"}) {
      for (std::string right : {"c", "c2"}) {
        std::string one = "a " + first + " JOIN b ON a.k = b.k AND bv < 6";
        std::string on = " ON m = cm";
        std::string two = one + " " + second + " JOIN " + right + on;
        QueryReport report = report_query(engine, "SELECT * FROM " + two + " WHERE bv > 0");
        ASSERT_EQ(report.joins.size(), 2u) << two;
        EXPECT_EQ(report.joins[0].left_rows, 500);
        EXPECT_EQ(report.joins[0].joined_rows, count(one)) << two;
        EXPECT_EQ(report.joins[0].matched, count("a SEMI JOIN b ON a.k = b.k AND bv < 6")) << two;
        EXPECT_EQ(report.joins[1].left_rows, count(one)) << two;
        EXPECT_EQ(report.joins[1].joined_rows, count(two)) << two;
        EXPECT_EQ(report.joins[1].matched,
                  count("(SELECT * FROM " + one + ") SEMI JOIN " + right + on))
            << two;
        EXPECT_EQ(rows_of(report, "a"), 500);
        EXPECT_EQ(rows_of(report, right), count(right));
      }
    }
  }
}

TEST_F(ReportTest, FollowsWithAndSubqueries) {
  QueryReport report = report_query(engine,
                                    "WITH late AS (SELECT * FROM ops.flights WHERE i < 500) "
                                    "SELECT * FROM late LEFT JOIN (SELECT DISTINCT tailnum FROM "
                                    "planes) AS known USING (tailnum)");
  ASSERT_EQ(report.joins.size(), 1u);
  EXPECT_EQ(report.joins[0].left, "late");
  EXPECT_EQ(report.joins[0].right, "known");
  EXPECT_EQ(report.joins[0].left_rows, 500);
  EXPECT_EQ(report.joins[0].matched, 400);
  EXPECT_EQ(rows_of(report, "planes"), 80);
}

TEST_F(ReportTest, LeavesOutWhatItCannotFollow) {
  // A cross join would be counted in 10^12 steps.
  engine.execute("CREATE TABLE big AS SELECT i FROM range(1000000) r(i)");
  QueryReport report = report_query(engine, "SELECT * FROM big a, big b WHERE a.i < b.i");
  EXPECT_TRUE(report.joins.empty());
  EXPECT_EQ(rows_of(report, "big"), 1000000);
  report = report_query(engine, "SELECT * FROM big a JOIN big b ON a.i < b.i");
  EXPECT_TRUE(report.joins.empty());
  report =
      report_query(engine, "SELECT * FROM ops.flights f JOIN planes p USING (tailnum), weather w");
  EXPECT_EQ(report.joins.size(), 1u);
  EXPECT_EQ(report_query(engine, "this is not SQL").rows_in.size(), 0u);
  EXPECT_EQ(report_query(engine, "SELECT * FROM no_such JOIN planes USING (x)").joins.size(), 0u);
  report = report_query(engine, "SELECT 1 FROM planes UNION ALL SELECT 2 FROM weather");
  EXPECT_EQ(report.rows_in.size(), 2u);
  // A name of three parts is bound to the table, not to its copy.
  report = report_query(
      engine, "SELECT * FROM ops.flights JOIN planes ON ops.flights.tailnum = planes.tailnum");
  EXPECT_EQ(rows_of(report, "planes"), 80);
}

}  // namespace
}  // namespace gristmill
