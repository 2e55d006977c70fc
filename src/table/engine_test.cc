#include "table/engine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "base/progress.h"
#include "base/testing.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

class EngineTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path() / "spill", .threads = 2, .memory_bytes = 1 << 30}};

  std::string all(const std::string& sql) {
    std::string out;
    for (const auto& row : engine.rows(sql)) {
      for (const std::string& cell : row) out += cell + "|";
      out += "\n";
    }
    return out;
  }
};

TEST_F(EngineTest, TheClockAndChanceAreRefused) {
  auto refused = [&](const std::string& sql) {
    return failure([&] { engine.check_repeatable(sql); });
  };
  for (const char* changing :
       {"now()", "random()", "today()", "uuid()", "current_date", "CURRENT_TIMESTAMP",
        "localtimestamp", "age(t.x)", "ago(INTERVAL 1 DAY)", "nextval('s')", "Now()"}) {
    for (const char* form :
         {"SELECT x, {} FROM t", "SELECT * FROM t WHERE x > coalesce({}, NULL)",
          "WITH c AS (SELECT {} AS y FROM t) SELECT * FROM c JOIN (SELECT 1) USING (y)"}) {
      Error error = refused(fmt::format(fmt::runtime(form), changing));
      EXPECT_EQ(error.code(), Code::invalid) << changing;
      EXPECT_NE(error.hint().find("`params`"), std::string::npos) << changing;
    }
  }
  EXPECT_EQ(refused("SELECT *\nFROM t WHERE x < now()").where().line, 2);
  EXPECT_EQ(refused("SELECT *\nFROM t WHERE x < now()").where().column, 18);
  refused("SELECT * FROM t USING SAMPLE 10%");
  refused("SELECT * FROM t TABLESAMPLE 10%");
  engine.check_repeatable(
      "SELECT t.current_date, age(a, b), 'now()', hash(x), error('no'), row_number() OVER () "
      "FROM t WHERE x > DATE '2013-01-01'");
}

TEST_F(EngineTest, AColumnThatIsNotThereNamesTheNearest) {
  engine.rows("CREATE VIEW weather AS SELECT 1 AS temperature, 2 AS wind");
  for (const char* from :
       {"weather", "weather w", "(SELECT * FROM weather) w",
        "(SELECT 1 AS x) q JOIN (SELECT temperature FROM weather) w ON q.x = w.temperature"}) {
    const std::string relation = std::string_view(from) == "weather" ? "weather" : "w";
    const Error error = failure(
        [&] { engine.describe(fmt::format("SELECT {}.temperatur\nFROM {}", relation, from)); });
    EXPECT_EQ(error.code(), Code::not_found) << error.what();
    EXPECT_EQ(error.message(), fmt::format("\"{}\" has no column \"temperatur\"", relation));
    EXPECT_EQ(error.where().line, 1);
    EXPECT_EQ(error.hint(), "did you mean \"temperature\"?") << from;
  }
  const Error named = failure([&] {
    engine.describe("WITH q AS (SELECT * FROM weather) SELECT q.wnd FROM q WHERE q.wind = $one");
  });
  EXPECT_EQ(named.hint(), "did you mean \"wind\"?");
}

TEST_F(EngineTest, EveryTypeArrivesAsOneOfOurs) {
  Schema schema = engine.describe("SELECT * FROM test_all_types()");
  std::unique_ptr<BatchReader> reader = engine.query("SELECT * FROM test_all_types()");
  EXPECT_EQ(reader->schema(), schema);
  Batch batch;
  ASSERT_TRUE(reader->next(batch));
  EXPECT_EQ(batch.rows, 3);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    EXPECT_EQ(batch.columns[i].type, schema[i].type) << schema[i].name;
    EXPECT_TRUE(batch.columns[i].is_null(2)) << schema[i].name;
    EXPECT_FALSE(batch.columns[i].is_null(0)) << schema[i].name;
  }
  EXPECT_FALSE(reader->next(batch));
  auto type = [&](const char* name) { return schema[schema.index_of(name, "types")].type; };
  EXPECT_EQ(type("bool"), Type::boolean);
  EXPECT_EQ(type("tinyint"), Type::int64);
  EXPECT_EQ(type("uint"), Type::int64);
  EXPECT_EQ(type("hugeint"), Type::float64);
  EXPECT_EQ(type("dec_18_6"), Type::float64);
  EXPECT_EQ(type("timestamp_ns"), Type::timestamp);
  EXPECT_EQ(type("timestamp_tz"), Type::timestamptz);
  EXPECT_EQ(type("interval"), Type::string);
  EXPECT_EQ(type("small_enum"), Type::string);
  EXPECT_EQ(type("struct"), Type::string);
}

TEST_F(EngineTest, ValuesAreThoseOfDuckdb) {
  EXPECT_EQ(all("SELECT true, 127::TINYINT, 65535::USMALLINT, 1.5::FLOAT, 12.34::DECIMAL(4,2), "
                "-12.345::DECIMAL(30,3), 170141183460469231731687303715884105727::HUGEINT"),
            "true|127|65535|1.5|12.34|-12.345|1.7014118346046923e+38|\n");
  EXPECT_EQ(all("SELECT DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.5', "
                "TIMESTAMP_NS '1969-12-31 23:59:59.999999999' = TIMESTAMP_NS '1970-01-01', "
                "TIMESTAMPTZ '2013-01-01 10:00:00+02', TIMESTAMP_S '2013-01-01 10:00:00'"),
            all("SELECT '1969-12-31', '1969-12-31T23:59:59.500000', false, "
                "'2013-01-01T08:00:00Z', '2013-01-01T10:00:00'"));
  EXPECT_EQ(all("SELECT TIME '12:34:56', INTERVAL 3 DAY, [1, 2], {'a': 1, 'b': NULL}, "
                "'\\xC3'::BLOB, uuid '6b8b4567-327b-43c9-a643-c98690e7a9c1'"),
            "12:34:56|3 days|[1,2]|{\"a\":1,\"b\":null}|\\xC3|"
            "6b8b4567-327b-43c9-a643-c98690e7a9c1|\n");
}

// Random tables with nulls in runs of odd length, through joins that give short chunks.
TEST_F(EngineTest, LargeResultsAreReadWhole) {
  engine.execute(
      "CREATE TABLE t AS SELECT i, CASE WHEN i % 7 < 3 THEN NULL ELSE i * 2 END AS n, "
      "CASE WHEN i % 5 = 0 THEN NULL ELSE repeat(chr(97 + (i % 26)::INT), (i % 40)::INT) END AS s, "
      "CASE WHEN i % 11 = 0 THEN NULL ELSE i % 3 = 0 END AS b "
      "FROM range(200000) r(i)");
  std::unique_ptr<BatchReader> reader =
      engine.query("SELECT t.* FROM t JOIN range(0, 200000, 3) r(k) ON t.i = r.k ORDER BY i");
  Batch batch;
  int64_t row = 0;
  while (reader->next(batch)) {
    ASSERT_LE(batch.rows, chunk_rows);
    for (int64_t i = 0; i < batch.rows; ++i, ++row) {
      int64_t n = row * 3;
      ASSERT_EQ(batch.columns[0].values<int64_t>()[i], n);
      ASSERT_EQ(batch.columns[1].is_null(i), n % 7 < 3) << n;
      if (n % 7 >= 3) {
        ASSERT_EQ(batch.columns[1].values<int64_t>()[i], n * 2);
      }
      ASSERT_EQ(batch.columns[2].is_null(i), n % 5 == 0);
      std::string text = n % 5 == 0 ? "" : std::string(size_t(n % 40), char('a' + n % 26));
      ASSERT_EQ(batch.columns[2].string(i), text);
      ASSERT_EQ(batch.columns[3].is_null(i), n % 11 == 0);
      if (n % 11 != 0) {
        ASSERT_EQ(batch.columns[3].boolean(i), n % 3 == 0);
      }
    }
  }
  EXPECT_EQ(row, 66667);
}

TEST_F(EngineTest, AnErrorAmongLaterRowsIsTold) {
  engine.execute("SET GLOBAL threads = 1");  // else it comes before the first row
  const auto reader = engine.query(
      "SELECT if(i < 900000, i, CAST('x' || i AS BIGINT)) AS i FROM range(1000000) t(i)");
  Batch batch;
  int64_t rows = 0;
  const Error error = failure([&] {
    while (reader->next(batch)) rows += batch.rows;
  });
  EXPECT_GE(rows, 4 * chunk_rows);  // what is under way when it comes is lost
  EXPECT_NE(error.message().find("x900000"), std::string::npos) << error.message();
}

TEST_F(EngineTest, AResultLeftUnreadIsEnded) {
  for (int batches : {0, 1, 3}) {
    const auto reader =
        engine.query("SELECT i, i::VARCHAR AS s FROM range(1000000000) t(i) WHERE hash(i) % 2 = 0");
    Batch batch;
    for (int i = 0; i < batches; ++i) ASSERT_TRUE(reader->next(batch));
  }
  EXPECT_EQ(all("SELECT 1"), "1|\n");
}

TEST_F(EngineTest, LongCellsEndABatchEarly) {
  std::unique_ptr<BatchReader> reader =
      engine.query("SELECT repeat('x', 100000) AS s FROM range(3000)");
  Batch batch;
  int64_t rows = 0;
  while (reader->next(batch)) {
    rows += batch.rows;
    EXPECT_LT(batch.rows, 3000);
    EXPECT_EQ(batch.columns[0].string(batch.rows - 1).size(), 100000u);
  }
  EXPECT_EQ(rows, 3000);
}

TEST_F(EngineTest, TwoResultsAreReadSideBySide) {
  std::unique_ptr<BatchReader> a = engine.query("SELECT i FROM range(100000) r(i)");
  std::unique_ptr<BatchReader> b = engine.query("SELECT i * 2 AS i FROM range(100000) r(i)");
  Batch x, y;
  int64_t rows = 0;
  while (a->next(x) && b->next(y)) {
    ASSERT_EQ(x.rows, y.rows);
    ASSERT_EQ(x.columns[0].values<int64_t>()[x.rows - 1] * 2,
              y.columns[0].values<int64_t>()[y.rows - 1]);
    rows += x.rows;
  }
  EXPECT_EQ(rows, 100000);
}

TEST_F(EngineTest, ErrorsNamePlaceAndNearestName) {
  engine.execute("CREATE TABLE flights (temp INT, arr_delay INT)");
  Error error = failure([&] { engine.query("SELECT temp,\n  arr_dely FROM flights"); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.where().line, 2);
  EXPECT_EQ(error.where().column, 3);
  EXPECT_EQ(error.hint(), "did you mean \"arr_delay\"?");
  error = failure([&] { engine.query("SELECT f.arr_dely FROM flights f"); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"arr_delay\"?");
  error = failure([&] { engine.query("SELECT * FROM flihgts"); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"flights\"?");
  std::string wide = "SELECT 1 AS " + std::string(90, 'a') + ", 2 AS " + std::string(90, 'b') +
                     " FORM x, " + std::string(90, 'c');
  error = failure([&] { engine.query(wide); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().column, int(wide.find("FORM")) + 1);
  EXPECT_EQ(error.message().find("LINE"), std::string::npos);
  error = failure([&] { engine.query("SELECT 1 AS x, 2 AS x"); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().field, "x");
  // An error in the middle of a stream.
  error = failure([&] {
    std::unique_ptr<BatchReader> reader = engine.query(
        "SELECT CAST(CASE WHEN i = 150000 THEN 'x' ELSE '1' END AS INT) AS v "
        "FROM range(200000) r(i)");
    Batch batch;
    while (reader->next(batch)) {
    }
  });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_NE(error.message().find("'x'"), std::string::npos);
}

TEST_F(EngineTest, StopsWhenInterrupted) {
  std::thread signal([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    interrupted() = true;
  });
  auto begin = std::chrono::steady_clock::now();
  Error error = failure([&] {
    engine.rows(
        "SELECT count(*) FROM range(10000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 8");
  });
  auto taken = std::chrono::steady_clock::now() - begin;
  signal.join();
  interrupted() = false;
  EXPECT_EQ(error.code(), Code::interrupted);
  EXPECT_LT(taken, std::chrono::seconds(5));
  EXPECT_EQ(all("SELECT 1"), "1|\n");
}

TEST_F(EngineTest, LoadsRowsBack) {
  const char* select =
      "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 7.0::DOUBLE END AS d, "
      "CASE WHEN i % 4 = 0 THEN NULL ELSE 'text ' || i || repeat('é', (i % 9)::INT) END AS s, "
      "i % 2 = 0 AS b, DATE '2013-01-01' + i::INT AS day, "
      "TIMESTAMP '2013-01-01' + INTERVAL (i) SECOND AS t, "
      "TIMESTAMPTZ '2013-01-01' + INTERVAL (i) SECOND AS z FROM range(100000) r(i)";
  std::unique_ptr<BatchReader> reader = engine.query(select);
  engine.load("odd \"name\"", *reader);
  EXPECT_EQ(all("SELECT count(*) FROM (SELECT * FROM \"odd \"\"name\"\"\" EXCEPT ALL " +
                std::string(select) + ")"),
            "0|\n");
  EXPECT_EQ(all("SELECT count(*), bool_and(i = rowid) FROM \"odd \"\"name\"\"\""),
            "100000|true|\n");
}

TEST_F(EngineTest, DefinesNames) {
  engine.define("my source", "t.x", "(SELECT 7 AS v)");
  EXPECT_EQ(all("SELECT v FROM \"my source\".\"t.x\""), "7|\n");
  engine.define("", "Größe", "(SELECT 8 AS v)");
  EXPECT_EQ(all("SELECT v FROM \"Größe\""), "8|\n");
  engine.define("", "Größe", "(SELECT 9 AS v)");
  EXPECT_EQ(all("SELECT v FROM Größe"), "9|\n");
}

TEST_F(EngineTest, NamesTheTablesRead) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(engine.tables_read("SELECT f.*, w.temp FROM ops.flights f LEFT JOIN weather.weather w "
                               "USING (origin, time_hour) WHERE f.t >= DATE '2013-01-01'"),
            (Names{"ops.flights", "weather.weather"}));
  EXPECT_EQ(
      engine.tables_read("WITH c AS (SELECT * FROM a), d AS (SELECT * FROM c JOIN b USING (x)) "
                         "SELECT * FROM d, C WHERE x IN (SELECT y FROM z)"),
      (Names{"a", "b", "z"}));
  EXPECT_EQ(engine.tables_read("WITH flights AS (SELECT * FROM flights) SELECT * FROM flights"),
            (Names{"flights"}));
  EXPECT_EQ(engine.tables_read("WITH RECURSIVE c AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM c "
                               "WHERE x < 5) SELECT * FROM c, range(5)"),
            Names{});
  EXPECT_EQ(engine.tables_read("SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c), c"),
            (Names{"c"}));
  EXPECT_EQ(engine.tables_read("FROM x UNION ALL SELECT * FROM y -- done;"), (Names{"x", "y"}));
  EXPECT_EQ(engine.tables_read("SELECT * FROM \"odd \"\"one\"\"\".\"a.b\""),
            (Names{"odd \"one\".a.b"}));
  Error error = failure([&] { engine.tables_read("SELECT *\nFROM x WHERE WHERE"); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().line, 2);
  EXPECT_EQ(failure([&] { engine.tables_read("DROP TABLE x"); }).code(), Code::invalid);
  EXPECT_EQ(failure([&] { engine.tables_read("SELECT 1; SELECT 2"); }).code(), Code::invalid);
  EXPECT_EQ(failure([&] { engine.tables_read(" -- nothing"); }).code(), Code::invalid);
  error = failure([&] { engine.tables_read("SELECT * FROM read_text('/etc/passwd')"); });
  EXPECT_NE(error.message().find("read_text"), std::string::npos);
  EXPECT_EQ(failure([&] { engine.tables_read("FROM query('SELECT 1')"); }).code(), Code::invalid);
}

TEST(EngineParams, BecomeTypedLiterals) {
  nlohmann::json params = {{"since", "2013-01-01"},
                           {"name", "O'Hare"},
                           {"n", -5},
                           {"rate", 0.5},
                           {"on", true},
                           {"list", {1, 2}},
                           {"at", "2013-01-01T10:00:00Z"}};
  EXPECT_EQ(Engine::with_params("SELECT $since, $name, $n, $rate, $on, $list, $at", params),
            "SELECT DATE '2013-01-01', 'O''Hare', (-5), CAST(0.5 AS DOUBLE), true, [1, 2], "
            "TIMESTAMPTZ '2013-01-01T10:00:00Z'");
  EXPECT_EQ(Engine::with_params("'$since' \"$n\" -- $name\n/* $n */ $$ $n $$ a$n $n", params),
            "'$since' \"$n\" -- $name\n/* $n */ $$ $n $$ a$n (-5)");
  try {
    Engine::with_params("SELECT $sinse", params);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "did you mean \"since\"?");
  }
}

TEST_F(EngineTest, SpillsWhatDoesNotFit) {
  Engine small({.temp_dir = dir.path() / "small", .threads = 2, .memory_bytes = 100 << 20});
  std::unique_ptr<BatchReader> reader = small.query(
      "SELECT i, hash(i)::VARCHAR || repeat('x', 100) AS s FROM range(1000000) r(i) ORDER BY s");
  Batch batch;
  int64_t rows = 0;
  while (reader->next(batch)) rows += batch.rows;
  EXPECT_EQ(rows, 1000000);
}

TEST_F(EngineTest, LoadsTheSqliteExtension) {
  engine.load_extension("sqlite_scanner");
  engine.load_extension("sqlite_scanner");
  EXPECT_EQ(failure([&] { engine.load_extension("no_such"); }).code(), Code::unavailable);
}

}  // namespace
}  // namespace gristmill
