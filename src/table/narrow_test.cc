#include "table/narrow.h"

#include <gtest/gtest.h>

#include <random>

#include "base/testing.h"
#include "base/text.h"

namespace gristmill {
namespace {

// ops.big is said to lie on a server; plain.big is the same table and is not. DuckDB does what the
// server would do with the list of keys.
class NarrowTest : public testing::Test {
 protected:
  ScratchDir dir;
  // With two threads, DuckDB 1.5.5 fails now and then on a semi join of its own tables that stands
  // several times in one query.
  Engine engine{{.temp_dir = dir.path(), .threads = 1}};
  ServerStatistics statistics{.rows = 1'000'000, .columns = {}};

  void SetUp() override {
    const std::string columns =
        "SELECT CASE WHEN i % 11 = 0 THEN NULL ELSE i % {0} END::{1} AS id, "
        "CASE WHEN i % 7 = 0 THEN NULL ELSE 'k' || (i % {0}) END AS name, "
        "DATE '2024-01-01' + (i % {0})::INTEGER AS day, "
        "TIMESTAMP '2024-01-01' + INTERVAL (i % {0}) MINUTE AS at, "
        "((i % {0}) / 4.0)::DECIMAL(10, 2) AS price, (i % 5)::BIGINT AS g, i AS n FROM range({2}) "
        "r(i)";
    const auto table = [&](const char* name, int values, const char* id, int rows) {
      engine.execute(fmt::format("CREATE TABLE {} AS ", name) +
                     fmt::format(fmt::runtime(columns), values, id, rows));
    };
    table("held", 90, "INTEGER", 400);
    table("s", 30, "BIGINT", 20);
    table("t", 60, "SMALLINT", 40);
    for (const char* name : {"id", "name", "day", "at", "price", "g"})
      statistics.columns[name] = {.keys_max = 100, .ascii_only = false};
    define();
    engine.define("plain", "big", "held");
  }
  void define() {
    engine.define("ops", "big", "held");
    engine.define("ops", "big", "held", [this](SqlSession&) { return statistics; });
  }

  bool is_narrowed(const std::string& sql) { return engine.narrowed(sql).sql != sql; }

  // Rows that the query and its plain form do not share.
  std::string differences(const std::string& ours, const std::string& plain) {
    return engine.rows(
        fmt::format("SELECT (SELECT count(*) FROM (({0}) EXCEPT ALL ({1}))) + "
                    "(SELECT count(*) FROM (({1}) EXCEPT ALL ({0})))",
                    ours, plain))[0][0];
  }
};

TEST_F(NarrowTest, TheKeysStandInTheQuery) {
  const NarrowedQuery query =
      engine.narrowed("SELECT * FROM s JOIN ops.big USING (g) WHERE s.n < 3");
  EXPECT_EQ(query.sql.find("SELECT * FROM s JOIN (SELECT * FROM ops.big WHERE \"g\" IN ('"), 0u)
      << query.sql;
  for (const char* key : {"'0'::BIGINT", "'1'::BIGINT", "'2'::BIGINT"})
    EXPECT_NE(query.sql.find(key), std::string::npos) << query.sql;
  EXPECT_EQ(query.sql.find("'3'::BIGINT"), std::string::npos);
  EXPECT_TRUE(query.sql.ends_with(")) AS \"big\" USING (g) WHERE s.n < 3")) << query.sql;
  ASSERT_EQ(query.notes.size(), 1u);
  EXPECT_EQ(query.notes[0],
            "of about 1,000,000 rows of ops.big only those were fetched whose g is one of 3 values "
            "of the join's other side; the counts are of these");
  EXPECT_EQ(
      engine.narrowings("SELECT * FROM s JOIN ops.big USING (g)"),
      std::vector<std::string>{"of about 1,000,000 rows of ops.big only those are fetched whose "
                               "g is in the join's other side, if that has at most 100 values"});
}

TEST_F(NarrowTest, WhatCanBeNarrowed) {
  for (const char* sql :
       {"SELECT * FROM ops.big b JOIN s ON b.id = s.id",
        "SELECT * FROM s LEFT JOIN OPS.\"big\" b ON b.day = s.day",
        "SELECT b.n FROM ops.big b SEMI JOIN s ON b.at = s.at",
        "SELECT * FROM s SEMI JOIN ops.big b USING (price)",
        "SELECT * FROM s ANTI JOIN ops.big b USING (id)",
        "SELECT b.n FROM ops.big b, s WHERE s.name = b.name",
        "SELECT n FROM ops.big WHERE id IN (SELECT id FROM s WHERE g = 1)",
        "WITH c AS (SELECT id FROM s UNION ALL SELECT id FROM t) SELECT * FROM c "
        "JOIN ops.big USING (id)",
        "SELECT * FROM s JOIN ops.big b ON b.id = abs(s.id) + 1 AND b.n > s.n",
        "SELECT count(*) FROM (SELECT 1 FROM ops.big b RIGHT JOIN (SELECT "
        "DISTINCT id FROM s) q USING (id))",
        "SELECT n FROM ops.big b WHERE EXISTS (SELECT 1 FROM s WHERE s.id = b.id "
        "AND s.g = 1)",
        "SELECT n FROM ops.big b WHERE EXISTS (SELECT s.* FROM s LEFT JOIN t ON "
        "t.n = s.n WHERE abs(s.id) = b.id)",
        "SELECT n FROM s WHERE EXISTS (SELECT 1 FROM ops.big b WHERE b.id = s.id)",
        "SELECT n FROM s WHERE NOT EXISTS (FROM ops.big b WHERE s.id = b.id)",
        "SELECT n, (SELECT max(b.n) FROM ops.big b WHERE b.id = s.id) FROM s",
        "SELECT * FROM s JOIN (ops.big b JOIN t ON b.n = t.n) ON s.id = b.id",
        "SELECT held.n FROM held JOIN s USING (id) WHERE held.id IN (SELECT b.id "
        "FROM ops.big b JOIN s USING (id))"})
    EXPECT_TRUE(is_narrowed(sql)) << sql;
}

TEST_F(NarrowTest, ConditionsThatTheServerJudgesByItsOwnRules) {
  statistics.select = "SELECT TRY(name) AS name, TRY(day) AS day, id, g, n FROM held";
  const auto sent = [&](const std::string& where) {
    const std::string sql = "SELECT n FROM ops.big b WHERE " + where;
    const std::string narrowed = narrow(engine, sql,
                                        [&](const std::string& name) {
                                          return lower(name) == "ops.big" ? &statistics : nullptr;
                                        },
                                        {})
                                     .sql;
    if (narrowed == sql) return std::string();
    const std::string before = "SELECT n FROM (" + statistics.select + " WHERE ";
    EXPECT_TRUE(narrowed.starts_with(before) && narrowed.ends_with(") b WHERE " + where))
        << narrowed;
    return narrowed.substr(before.size(), narrowed.find(") b WHERE ") - before.size());
  };
  EXPECT_EQ(sent("name = 'k1'"), "(\"name\" = 'k1')");
  EXPECT_EQ(sent("'k1' = b.name AND n > 3"), "('k1' = \"name\")");
  EXPECT_EQ(sent("b.name IN ('k1', 'k2')"), "(\"name\" IN ('k1', 'k2'))");
  EXPECT_EQ(sent("day BETWEEN '2024-01-01' AND DATE '2024-01-05'"),
            "(\"day\" BETWEEN '2024-01-01' AND CAST('2024-01-05' AS DATE))");
  EXPECT_EQ(sent("day < TIMESTAMP '2024-01-05 10:00:00' AND name = 'k1'"),
            "(\"day\" < CAST('2024-01-05 10:00:00' AS TIMESTAMP)) AND (\"name\" = 'k1')");
  for (const char* where :
       {"name < 'k1'", "name <> 'k1'", "name LIKE 'k%'", "name = 'a\\b'", "name IS NULL",
        "name = 'k1' OR n = 1", "day <> '2024-01-01'", "day = 'infinity'", "day > '12024-01-01'",
        "day IS NULL", "lower(name) = 'k1'", "name = b.name", "NOT name = 'k1'"})
    EXPECT_EQ(sent(where), "") << where;
}

TEST_F(NarrowTest, WhatCannot) {
  engine.execute(
      "CREATE TABLE odd AS SELECT 1.5::DOUBLE AS x, '1' AS text, 1.25::DECIMAL(10, 3) AS price, "
      "'a\\b' AS name, 1 AS id, DATE '12024-01-01' AS day; "
      "CREATE TABLE folded (name VARCHAR COLLATE NOCASE); INSERT INTO folded VALUES ('K1')");
  for (const char* sql :
       {// Every row of the table matters.
        "SELECT * FROM ops.big b LEFT JOIN s USING (id)",
        "SELECT * FROM ops.big b FULL JOIN s USING (id)",
        "SELECT * FROM ops.big b ANTI JOIN s USING (id)",
        "SELECT * FROM s RIGHT JOIN ops.big b USING (id)",
        "SELECT * FROM (t LEFT JOIN ops.big b ON t.n = b.n + 1) JOIN s ON s.id = b.id AND s.n > 0 "
        "OR s.g = 1",
        "SELECT * FROM t LEFT JOIN ops.big b ON true WHERE b.id IN (SELECT id FROM s) OR b.id IS "
        "NULL",
        "SELECT n FROM ops.big WHERE id NOT IN (SELECT id FROM s)",
        "SELECT * FROM ops.big, s WHERE big.id > s.id",
        "SELECT n FROM ops.big b WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.id = b.id)",
        "SELECT n FROM ops.big b WHERE b.n = 1 OR EXISTS (SELECT 1 FROM s WHERE s.id = b.id)",
        "SELECT n FROM ops.big b WHERE EXISTS (SELECT count(*) FROM s WHERE s.id = b.id)",
        "SELECT n FROM ops.big b WHERE EXISTS (SELECT 1 FROM s WHERE s.id = b.id LIMIT 0)",
        "SELECT n FROM ops.big WHERE EXISTS (SELECT 1 FROM s WHERE s.id = id)",
        "SELECT n FROM s WHERE EXISTS (SELECT 1 FROM ops.big WHERE id = id)",
        "SELECT n FROM s WHERE EXISTS (SELECT 1 FROM ops.big b, t s WHERE b.id = s.n + s.id OR "
        "s.g = 1)",
        "SELECT n FROM s WHERE EXISTS (WITH s AS (SELECT 7 AS id) SELECT 1 FROM ops.big b WHERE "
        "b.id = (SELECT id FROM s))",
        "SELECT * FROM ops.big b JOIN s ON b.id IS NOT DISTINCT FROM s.id",
        "SELECT * FROM ops.big b JOIN s ON b.id + 1 = s.id",
        // Types that are converted first, literals that servers read in other ways, collations.
        "SELECT * FROM ops.big b JOIN odd ON b.id = odd.x",
        "SELECT * FROM ops.big b JOIN odd ON b.id = odd.text",
        "SELECT * FROM ops.big b JOIN odd ON b.price = odd.price",
        "SELECT * FROM ops.big b JOIN odd USING (name)",
        "SELECT * FROM ops.big b JOIN odd ON b.day = odd.day",
        "SELECT * FROM ops.big b JOIN s ON b.day = s.at",
        "SELECT * FROM ops.big b JOIN folded USING (name)",
        "SELECT * FROM ops.big b JOIN s ON b.name = s.name COLLATE NOCASE",
        "SELECT * FROM ops.big b JOIN s ON b.n = s.n",
        // A second look may see other keys.
        "SELECT * FROM ops.big JOIN (SELECT id FROM s LIMIT 3) q USING (id)",
        "SELECT * FROM ops.big JOIN (SELECT (random() * 9)::INT AS id FROM s) q USING (id)",
        "SELECT * FROM ops.big JOIN (SELECT id FROM s QUALIFY row_number() OVER (ORDER BY g) < 3) "
        "q USING (id)",
        "SELECT * FROM ops.big JOIN (SELECT first(id) AS id FROM s GROUP BY g) q USING (id)",
        "SELECT * FROM ops.big JOIN (SELECT * FROM s USING SAMPLE 3) q USING (id)",
        "WITH RECURSIVE w AS (SELECT 1 AS id UNION SELECT b.id + 1 FROM w JOIN ops.big b USING "
        "(id)) SELECT * FROM w",
        // Names that the text alone does not settle; other tables.
        "SELECT ops.big.id FROM ops.big JOIN s USING (id)",
        "SELECT * FROM ops.big b(k) JOIN s ON b.k = s.id", "SELECT * FROM ops.big NATURAL JOIN s",
        "SELECT * FROM plain.big JOIN s USING (id)", "SELECT * FROM ops.big",
        "WITH q AS (SELECT * FROM ops.big) SELECT * FROM q JOIN s USING (id)"}) {
    const std::string text = sql;
    EXPECT_FALSE(is_narrowed(text)) << engine.narrowed(text).sql;
    EXPECT_NO_THROW(engine.query("SELECT count(*) AS n FROM (" + text + ") whole")) << sql;
  }
}

TEST_F(NarrowTest, ItMustPay) {
  const std::string sql = "SELECT * FROM ops.big b JOIN s USING (id)";
  EXPECT_TRUE(is_narrowed(sql));
  const std::map<std::string, LookupColumn> columns = statistics.columns;
  const auto narrowed_with = [&](int64_t rows, int64_t keys_max) {
    statistics.rows = rows;
    statistics.columns["id"].keys_max = keys_max;
    define();
    return is_narrowed(sql);
  };
  EXPECT_FALSE(narrowed_with(0, 100));
  EXPECT_FALSE(narrowed_with(19'999, 100));
  EXPECT_TRUE(narrowed_with(20'000, 100));
  EXPECT_TRUE(narrowed_with(20'000, 18));  // what s has, NULL aside
  EXPECT_FALSE(narrowed_with(20'000, 17));
  statistics.columns["name"].ascii_only = true;
  define();
  engine.execute("CREATE TABLE latin AS SELECT 'Größe' AS name");
  EXPECT_FALSE(is_narrowed("SELECT * FROM ops.big JOIN latin USING (name)"));
  EXPECT_TRUE(is_narrowed("SELECT * FROM ops.big JOIN s USING (name)"));
  // Keys from a table as large.
  engine.define("ops", "other", "held", [this](SqlSession&) { return statistics; });
  EXPECT_FALSE(is_narrowed("SELECT * FROM ops.big b JOIN ops.other o ON o.n = b.id"));
  // It need not be, where WHERE leaves few of its rows.
  const char* picked = "SELECT * FROM ops.other o JOIN ops.big b ON o.n = b.id WHERE o.n < 3";
  const std::string few = engine.narrowed(picked).sql;
  EXPECT_NE(few.find("FROM ops.big WHERE \"id\" IN ('"), std::string::npos) << few;
  EXPECT_EQ(few.find("FROM ops.other WHERE \"n\" IN ('"), std::string::npos) << few;
}

TEST_F(NarrowTest, WithoutAnswerOfTheServerTheQueryIsAsItWas) {
  engine.define("ops", "big", "held");
  engine.define("ops", "big", "held", [](SqlSession& session) -> ServerStatistics {
    session.rows("SELECT * FROM no_such_table");
    return {};
  });
  const std::string sql = "SELECT count(*) AS n FROM ops.big b JOIN s USING (g)";
  EXPECT_FALSE(is_narrowed(sql));
  EXPECT_EQ(engine.rows(sql), engine.rows("SELECT count(*) AS n FROM held b JOIN s USING (g)"));
}

TEST_F(NarrowTest, ErrorsSpeakOfTheQueryAsWritten) {
  const Error error = failure([&] {
    engine.rows("SELECT 1 FROM s\nJOIN ops.big b USING (g) WHERE CAST(b.name AS INTEGER) = 3");
  });
  EXPECT_EQ(error.where().line, 2);
}

TEST_F(NarrowTest, NoKeysAtAll) {
  EXPECT_NE(
      engine
          .narrowed("SELECT * FROM s LEFT JOIN ops.big b ON b.id = s.id AND s.n < 0 WHERE s.n < 0")
          .sql.find("WHERE false"),
      std::string::npos);
  EXPECT_EQ(differences("SELECT * FROM s LEFT JOIN ops.big b USING (id) WHERE s.id IS NULL",
                        "SELECT * FROM s LEFT JOIN plain.big b USING (id) WHERE s.id IS NULL"),
            "0");
}

// Random joins against the plain join over the same rows.
class RandomJoin {
 public:
  explicit RandomJoin(uint64_t seed) : random_(seed) {}

  // A SELECT over `@`, which stands for the table.
  std::string select(int depth = 0) {
    const std::string with = chance(5) ? "WITH c AS (SELECT * FROM " + small(depth) + ") " : "";
    const bool comma = chance(6), one = !comma && chance(4);
    std::string first = "@ b", second = (with.empty() ? small(depth) : "c") + " s";
    if (chance(2)) std::swap(first, second);
    const std::string visible = first.substr(first.size() - 1);
    std::string from = first;
    if (comma) {
      from += ", " + second;
      where_.push_back(equal("b", "s"));
    } else {
      from += join(one, second, "b", "s");
    }
    if (!one && !comma && chance(2))
      from += join(false, small(depth) + " t", chance(2) ? "b" : "s", "t");
    if (!one && chance(2)) add_condition(chance(2) ? "b" : "s");
    if (one && chance(2)) add_condition(visible);
    if (chance(5)) {
      const std::string column = pick({"id", "name", "day", "g"});
      where_.push_back(fmt::format("{}.{} IN (SELECT {} FROM s WHERE n < {})", one ? visible : "b",
                                   column, column, random_() % 20));
    }
    if (chance(4)) add_existence(one ? visible : chance(2) ? "b" : "s");
    std::string out =
        with + "SELECT " + (one ? visible : "b") + ".n, count(*) OVER () FROM " + from;
    for (size_t i = 0; i < where_.size(); ++i) out += (i == 0 ? " WHERE " : " AND ") + where_[i];
    where_.clear();
    return out;
  }

 private:
  bool chance(int of) { return random_() % uint64_t(of) == 0; }
  std::string pick(std::vector<std::string> of) { return of[random_() % of.size()]; }
  std::string column() { return pick({"id", "name", "day", "at", "price", "g", "n"}); }

  std::string small(int depth) {
    switch (random_() % 5) {
      case 0:
        return fmt::format("(SELECT * FROM s WHERE n < {})", random_() % 25);
      case 1:
        return "(SELECT * FROM s UNION ALL SELECT * FROM t WHERE g = 2)";
      case 2:
        if (depth == 0)
          return fmt::format("(SELECT x.* FROM t x WHERE x.n IN (SELECT n FROM ({}) y(n, m)))",
                             RandomJoin(random_()).select(1));
        return "t";
      default:
        return pick({"s", "t"});
    }
  }

  std::string equal(const std::string& a, const std::string& b) {
    const std::string name = column();
    return chance(2) ? fmt::format("{0}.{2} = {1}.{2}", a, b, name)
                     : fmt::format("{1}.{2} = {0}.{2}", a, b, name);
  }

  std::string join(bool semi, const std::string& with, const std::string& a, const std::string& b) {
    std::string out = pick(semi ? std::vector<std::string>{" SEMI JOIN ", " ANTI JOIN "}
                                : std::vector<std::string>{" JOIN ", " LEFT JOIN ", " RIGHT JOIN ",
                                                           " FULL JOIN ", " JOIN ", " LEFT JOIN "});
    out += with + " ON " + equal(a, b);
    if (chance(3)) out += " AND " + equal(a, b);
    if (chance(5)) out += fmt::format(" AND {}.n < {}", chance(2) ? a : b, random_() % 30);
    return out;
  }

  void add_existence(const std::string& of) {
    const std::string name = column();
    where_.push_back(fmt::format("{}EXISTS (SELECT 1 FROM {} q WHERE q.{} = {}.{} AND q.n < {})",
                                 chance(3) ? "NOT " : "", pick({"s", "t", "@"}), name, of, name,
                                 random_() % 60));
  }

  void add_condition(const std::string& of) {
    switch (random_() % 4) {
      case 0:
        where_.push_back(of + "." + column() + " IS NULL");
        break;
      case 1:
        where_.push_back(fmt::format("({0}.n < {1} OR {0}.id IS NULL)", of, random_() % 30));
        break;
      default:
        where_.push_back(fmt::format("{}.{} < {}", of, pick({"id", "g", "n"}), random_() % 30));
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> where_;
};

TEST_F(NarrowTest, RandomJoinsGiveThePlainJoinsRows) {
  int narrowed = 0;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    const std::string text = RandomJoin(seed).select();
    const auto over = [&](const std::string& table) {
      std::string out = text;
      for (size_t at; (at = out.find('@')) != std::string::npos;) out.replace(at, 1, table);
      return out;
    };
    const std::string ours = over("ops.big"), plain = over("plain.big");
    try {
      ASSERT_EQ(differences(ours, plain), "0") << seed << ": " << engine.narrowed(ours).sql;
    } catch (const Error& error) {
      FAIL() << error.what() << "\n" << ours;
    }
    narrowed += is_narrowed(ours) ? 1 : 0;
  }
  EXPECT_GT(narrowed, 25);
}

}  // namespace
}  // namespace gristmill
