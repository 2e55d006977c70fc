// Every kind of source through the engine, over files made here.
#include <sys/stat.h>

#include "table/test_sources.h"

namespace gristmill {
namespace {

TEST_F(SourcesTest, PackedCsvIsReadByItsName) {
  const std::string rows = "id;name\n1;x\n2;y\n";
  for (const auto& [suffix, bytes] : {std::pair(std::string("gz"), gzipped(rows)),
                                      std::pair(std::string("zst"), zstd_packed(rows))}) {
    const std::string kind = suffix == "gz" ? "gzip" : "zstd";
    write("a.csv." + suffix, bytes);
    std::vector<SourceTable> tables = open("*.csv." + suffix);
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(tables[0].name, "a");
    EXPECT_EQ(types(tables[0]), "id int64, name string, ");
    EXPECT_EQ(all("SELECT sum(id) FROM s.a"), "3|\n");
    write("two.csv." + suffix, bytes + (suffix == "gz" ? gzipped("3;z\n") : zstd_packed("3;z\n")));
    open("two.csv." + suffix);
    EXPECT_EQ(all("SELECT sum(id) FROM s.two"), "6|\n");
    for (const size_t size : {bytes.size() - 1, size_t(20), size_t(3)}) {
      write("cut.csv." + suffix, bytes.substr(0, size));
      EXPECT_EQ(failure([&] { open("cut.csv." + suffix); }).message(),
                "this " + kind + " file is damaged or cut short")
          << size;
    }
    write("plain.csv." + suffix, "id\n1\n");
    EXPECT_EQ(failure([&] { open("plain.csv." + suffix); }).message(),
              "this is not a " + kind + " file");
    fs::remove(dir.path() / ("a.csv." + suffix));
  }
  write("none.csv.zst", "");
  EXPECT_EQ(failure([&] { open("none.csv.zst"); }).message(),
            "this zstd file is damaged or cut short");
  write("none.csv.zst", zstd_packed(""));
  EXPECT_EQ(failure([&] { open("none.csv.zst"); }).message(),
            "the file is empty: not even a header line is in it");
}

TEST_F(SourcesTest, WhatUnpacksToMuchIsStreamed) {
  // 256 MB of one record, of which no more than the longest allowed is held.
  write("bomb.csv.zst", zstd_packed("a\n" + std::string(size_t(256) << 20, 'x')));
  EXPECT_EQ(failure([&] { open("bomb.csv.zst"); }).code(), Code::exhausted);
}

TEST_F(SourcesTest, CsvMayHaveADecimalComma) {
  std::string rows = "a;b;c;n\n";
  for (int i = 0; i < 200; ++i) rows += fmt::format("{},{};{};2024-01-01;x{}\n", i, i % 10, i, i);
  write("eu.csv", rows);
  const SourceTable text = open("eu.csv")[0];
  EXPECT_EQ(types(text), "a string, b int64, c date, n string, ");
  ASSERT_EQ(text.notes.size(), 1u);
  EXPECT_EQ(text.notes[0],
            "column a is read as text: its numbers have a decimal comma (\"0,0\"), which `decimal: "
            "\",\"` of the source reads");
  const SourceTable table = open({{"files", "eu.csv"}, {"decimal", ","}})[0];
  EXPECT_EQ(types(table), "a float64, b int64, c date, n string, ");
  EXPECT_EQ(all("SELECT sum(a), max(a) FROM s.eu"), "19990|199.9|\n");
  write("mixed.csv", "a;b\n1,5;1.5\n");
  EXPECT_EQ(types(open({{"files", "mixed.csv"}, {"decimal", ","}})[0]), "a float64, b string, ");
  EXPECT_EQ(failure([&] { open({{"files", "eu.csv"}, {"decimal", ";"}}); }).code(), Code::invalid);
  write("quoted.csv", "a,b\n\"1,5\",2\n");
  open({{"files", "quoted.csv"}, {"decimal", ","}});
  EXPECT_EQ(all("SELECT a + b FROM s.quoted"), "3.5|\n");
}

TEST_F(SourcesTest, CsvOfOtherEncodingsIsText) {
  write("latin.csv", "ort;n\nK\xF6ln;1\nN\xEEmes;2\n");
  EXPECT_EQ(failure([&] {
              open("latin.csv");
              all("SELECT ort FROM s.latin");
            }).code(),
            Code::invalid);
  open({{"files", "latin.csv"}, {"encoding", "latin1"}});
  EXPECT_EQ(all("SELECT * FROM s.latin"), "Köln|1|\nNîmes|2|\n");
  // Where iconv holds the last character back, for an accent that might follow.
  write("last.csv", "id,name\n1,b\n2,ba");
  open({{"files", "last.csv"}, {"encoding", "TCVN5712-1"}});
  EXPECT_EQ(all("SELECT * FROM s.last"), "1|b|\n2|ba|\n");
  std::string wide = "\xFF\xFE";
  std::string rows = "ort,n\n";
  for (int i = 0; i < 60000; ++i) rows += "\xF6," + std::to_string(i) + "\n";  // many buffers
  for (char c : rows) wide += {c, '\0'};
  write("wide.csv", wide);
  EXPECT_EQ(types(open("wide.csv")[0]), "ort string, n int64, ");
  EXPECT_EQ(all("SELECT min(ort), max(ort), count(*), sum(n) FROM s.wide"),
            "ö|ö|60000|1799970000|\n");
  write("wide.csv", wide.substr(0, 1001));
  EXPECT_NE(failure([&] { open("wide.csv"); }).message().find("is not UTF-16"), std::string::npos);
  EXPECT_NE(failure([&] { open({{"files", "latin.csv"}, {"encoding", "klingon"}}); })
                .message()
                .find("no encoding \"klingon\""),
            std::string::npos);
}

TEST_F(SourcesTest, AnEmptyCellAfterATimeIsNoTime) {
  write("t.csv", "id,day\n1,2013-01-01\n2,\n3,2013-01-01\n4,2013-01-01\n");
  EXPECT_EQ(types(open({{"files", "t.csv"}, {"nulls", {"NA"}}})[0]), "id int64, day string, ");
  EXPECT_EQ(all("SELECT count(day) FROM s.t WHERE day <> ''"), "3|\n");
  EXPECT_EQ(types(open("t.csv")[0]), "id int64, day date, ");
  EXPECT_EQ(all("SELECT count(day) FROM s.t"), "3|\n");
}

TEST_F(SourcesTest, LongIntegersOfOneFileAreNotRoundedByFractionsOfAnother) {
  write("p/1.csv", "a\n9007199254740993\n");
  write("p/2.csv", "a\n0.5\n");
  EXPECT_EQ(types(open({{"files", "p/*.csv"}, {"as", "all"}})[0]), "a string, filename string, ");
  EXPECT_EQ(all("SELECT a FROM s.all ORDER BY a"), "0.5|\n9007199254740993|\n");
}

TEST_F(SourcesTest, AColumnWithoutValuesInOneFileHasNoSayInItsType) {
  write("p/1.csv", "id,a\n1,\n");
  write("p/2.csv", "id,a\n2,7\n");
  write("p/3.csv", "id,a\n3,1.5\n");
  write("p/4.csv", "id,a\n4,NA\n");
  std::vector<SourceTable> tables = open({{"files", "p/*.csv"}, {"as", "all"}});
  EXPECT_EQ(types(tables.at(0)), "id int64, a float64, filename string, ");
  EXPECT_EQ(all("SELECT sum(a) FROM s.all"), "8.5|\n");
}

TEST_F(SourcesTest, CsvFilesAreTablesWithTypes) {
  write("data/b.csv",
        "i,d,s,b,day,t,z,n\n1,1.5,x,true,2013-01-02,2013-01-02 03:04:05,"
        "2013-01-02T03:04:05Z,NA\n,2,\"a,\"\"b\",false,,,,\n");
  write("data/a.csv", "name;value\nä;NA\n");
  std::vector<SourceTable> tables = open("data/*.csv");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].name, "a");
  EXPECT_EQ(tables[0].schema, "s");
  EXPECT_EQ(tables[1].files, (std::vector<fs::path>{dir.path() / "data/b.csv"}));
  EXPECT_TRUE(tables[1].single_file_order);
  EXPECT_EQ(
      types(tables[1]),
      "i int64, d float64, s string, b boolean, day date, t timestamp, z timestamptz, n string, ");
  EXPECT_EQ(all("SELECT * FROM s.b"),
            "1|1.5|x|true|2013-01-02|2013-01-02T03:04:05|2013-01-02T03:04:05Z||\n"
            "|2|a,\"b|false|||||\n");
  EXPECT_EQ(all("SELECT name, value IS NULL FROM s.a"), "ä|true|\n");
}

TEST_F(SourcesTest, CsvOptions) {
  write("x.csv", "a;b\n-;1\n2;x\n");
  open({{"files", "x.csv"}, {"nulls", {"-", "x"}}});
  EXPECT_EQ(types(open({{"files", "x.csv"}, {"nulls", {"-", "x"}}})[0]), "a int64, b int64, ");
  EXPECT_EQ(all("SELECT count(a), count(b) FROM s.x"), "1|1|\n");
  EXPECT_EQ(types(open({{"files", "x.csv"}, {"types", {{"b", "text"}}}, {"delimiter", ";"}})[0]),
            "a string, b string, ");
  EXPECT_EQ(failure([&] { open({{"files", "x.csv"}, {"types", {{"bb", "text"}}}}); }).hint(),
            "known are: a, b");
  EXPECT_EQ(failure([&] { open({{"files", "x.csv"}, {"types", {{"b", "txt"}}}}); }).hint(),
            "did you mean \"text\"?");
  write("none.csv", "1,2\n3,4\n");
  EXPECT_EQ(failure([&] { open("none.csv"); }).where().line, 1);
  open({{"files", "none.csv"}, {"header", false}});
  EXPECT_EQ(all("SELECT sum(column1)::BIGINT FROM s.none"), "6|\n");
  write("data.txt", "a,b\n1,2\n");
  open({{"files", "data.txt"}, {"kind", "csv"}});
  EXPECT_EQ(all("SELECT a + b FROM s.data"), "3|\n");
}

TEST_F(SourcesTest, ManyCsvFilesAreOneTable) {
  write("logs/2013/a.csv", "i,v\n1,2\n");
  write("logs/2014/a.csv", "i,v\n2,2.5\n");
  std::vector<SourceTable> tables = open({{"files", "logs/**/*.csv"}, {"as", "readings"}});
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].files.size(), 2u);
  EXPECT_FALSE(tables[0].single_file_order);
  EXPECT_EQ(all("SELECT i, v, filename FROM s.readings ORDER BY i"),
            "1|2|logs/2013/a.csv|\n2|2.5|logs/2014/a.csv|\n");
  write("logs/2015/a.csv", "i,w\n2,2.5\n");
  Error error = failure([&] { open({{"files", "logs/**/*.csv"}, {"as", "readings"}}); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().file, dir.path() / "logs/2015/a.csv");
}

TEST_F(SourcesTest, OddNamesWork) {
  write("odd 'n\" [1]*.csv", "Spa ce,dot.ted,\"qu\"\"ote\",Größe\n1,2,3,4\n");
  write("Zürich.2013.csv", "x\n1\n");
  std::vector<SourceTable> tables = open("*.csv");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(all("SELECT \"Spa ce\" + \"dot.ted\" + \"qu\"\"ote\" + \"Größe\" "
                "FROM s.\"odd 'n\"\" [1]*\""),
            "10|\n");
  EXPECT_EQ(all("SELECT x FROM s.\"Zürich.2013\""), "1|\n");
}

TEST_F(SourcesTest, BadCsvNamesFileAndLine) {
  write("ragged.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n");
  Error error = failure([&] {
    open("ragged.csv");
    engine.rows("SELECT * FROM s.ragged");
  });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().file, dir.path() / "ragged.csv");
  EXPECT_EQ(error.where().line, 3);
  EXPECT_EQ(error.where().row, -1);
  std::string late = "a,b\n";
  for (int i = 0; i < 60000; ++i) late += "1,2\n";
  write("late.csv", late + "1,2,3\n");
  error = failure([&] {
    open("late.csv");
    engine.rows("SELECT count(COLUMNS(*)) FROM s.late");
  });
  EXPECT_EQ(error.where().line, 60002);
  EXPECT_EQ(error.where().file, dir.path() / "late.csv");
  write("typed.csv", late + "1,N/A\n");
  error = failure([&] {
    open({{"files", "typed.csv"}, {"types", {{"b", "integer"}}}});
    engine.rows("SELECT count(COLUMNS(*)) FROM s.typed");
  });
  EXPECT_EQ(error.where().file, dir.path() / "typed.csv");
  EXPECT_EQ(error.where().line, 60002);
  EXPECT_EQ(error.where().field, "b");
  EXPECT_NE(error.hint().find("types: {b: text}"), std::string::npos);
  write("zero.csv", std::string("a,b\n1,\0\n", 8));
  error = failure([&] { open("zero.csv"); });
  EXPECT_EQ(error.where().line, 2);
  write("twice.csv", "a,b,a\n1,2,3\n");
  EXPECT_EQ(failure([&] { open("twice.csv"); }).where().line, 1);
  write("empty.csv", "");
  EXPECT_EQ(failure([&] { open("empty.csv"); }).where().file, dir.path() / "empty.csv");
  write("latin.csv", "a,b\n1,caf\xe9\n");
  error = failure([&] {
    open("latin.csv");
    engine.rows("SELECT * FROM s.latin");
  });
  EXPECT_EQ(error.where().file, dir.path() / "latin.csv") << error.what();
  EXPECT_EQ(error.code(), Code::invalid);
  write("huge.csv", "a,b\n1," + std::string(3 << 20, 'x') + "\n");
  open("huge.csv");
  EXPECT_EQ(all("SELECT length(b) FROM s.huge"), "3145728|\n");
  write("header.csv", "a,b\n");
  open("header.csv");
  EXPECT_EQ(all("SELECT count(*) FROM s.header"), "0|\n");
}

TEST_F(SourcesTest, TypesHoldEveryCellHoweverLate) {
  std::string rows = "n,x,t\n";
  for (int i = 0; i < 300000; ++i) rows += fmt::format("{},1,2013-01-01\n", i);
  write("late.csv", rows + "7,1.5,N/A\n");
  const SourceTable table = open("late.csv")[0];
  EXPECT_EQ(types(table), "n int64, x float64, t string, ");
  EXPECT_EQ(
      table.notes,
      std::vector<std::string>{
          "column t is read as text: line 300002 holds \"N/A\" where all but 1 cells are "
          "date; if it means missing, name it in `nulls`, beside those that mean it already"});
  EXPECT_EQ(all("SELECT count(*), sum(n)::BIGINT, sum(x), max(t) FROM s.late"),
            "300001|44999850007|300001.5|N/A|\n");
  EXPECT_EQ(types(open({{"files", "late.csv"}, {"nulls", {"N/A"}}})[0]),
            "n int64, x float64, t date, ");
}

TEST_F(SourcesTest, TypesNameAColumnOfSomeFile) {
  write("a.csv", "day,n\n2013-01-01,1\n");
  write("b.csv", "code\n007\n");
  const nlohmann::json request = {{"files", "*.csv"}, {"types", {{"code", "text"}}}};
  EXPECT_EQ(types(open(request)[1]), "code string, ");
  const Error error = failure([&] { open({{"files", "*.csv"}, {"types", {{"coda", "text"}}}}); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"code\"?");
}

TEST_F(SourcesTest, QuotesAfterTheSampleAreQuotes) {
  std::string rows = "a,b\n";
  for (int i = 0; i < 30000; ++i) rows += "1,x\n";
  write("q.csv", rows + "2,\"y, \"\"z\"\n");
  open("q.csv");
  EXPECT_EQ(all("SELECT b FROM s.q WHERE a = 2"), "y, \"z|\n");
}

TEST_F(SourcesTest, DatesThatMustBeGuessedAreText) {
  write("d.csv", "day,iso\n25/12/2013,2013-12-25\n26/12/2013,2013-12-26\n");
  std::vector<SourceTable> tables = open("d.csv");
  EXPECT_EQ(types(tables[0]), "day string, iso date, ");
  write("us.csv", "day\n12/25/2013\n12/26/2013\n");
  tables = open("us.csv");
  EXPECT_EQ(types(tables[0]), "day string, ");
  write("at.csv", "t\n25/12/2013 10:00:00\n26/12/2013 11:00:00\n");
  tables = open("at.csv");
  EXPECT_EQ(types(tables[0]), "t string, ");
  EXPECT_EQ(tables[0].notes, std::vector<std::string>{
                                 "column t is read as text: its times are not written as ISO "
                                 "8601 (\"25/12/2013 10:00:00\"); the rule `parse` reads them"});
}

TEST_F(SourcesTest, ShapesAreRememberedByContent) {
  Database database(dir.path() / "a.db");
  FileDigests digests(database);
  write("x.csv", "a\n1\n");
  SourceTable first = open("x.csv", &digests)[0];
  SourceTable second = open("x.csv", &digests)[0];
  EXPECT_EQ(first.relation, second.relation);
  write("x.csv", "a\nx\n");
  EXPECT_EQ(open("x.csv", &digests)[0].columns[0].type, Type::string);
}

TEST_F(SourcesTest, Parquet) {
  engine.execute("COPY (SELECT i, 'x' || i AS s FROM range(1000) r(i)) TO '" +
                 (dir.path() / "w.parquet").string() + "'");
  std::vector<SourceTable> tables = open("w.parquet");
  EXPECT_EQ(types(tables[0]), "i int64, s string, ");
  EXPECT_TRUE(tables[0].single_file_order);
  EXPECT_EQ(all("SELECT count(*), max(s) FROM s.w"), "1000|x999|\n");
  std::string whole = disk().read(dir.path() / "w.parquet");
  write("p/cut.parquet", whole.substr(0, whole.size() / 2));
  Error error = failure([&] { open("p/cut.parquet"); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().file, dir.path() / "p/cut.parquet");
  EXPECT_NE(error.message().find("cut short"), std::string::npos);
  write("p/cut.parquet", "");
  EXPECT_NE(failure([&] { open("p/cut.parquet"); }).message().find("empty"), std::string::npos);
  write("p/cut.parquet", "a,b\n1,2\n");
  EXPECT_EQ(failure([&] { open("p/cut.parquet"); }).code(), Code::invalid);
  // A damaged footer in a whole frame.
  std::string broken = whole;
  for (size_t i = broken.size() - 200; i < broken.size() - 8; ++i) broken[i] = '\xff';
  write("p/cut.parquet", broken);
  error = failure([&] { open("p/cut.parquet"); });
  EXPECT_EQ(error.where().file, dir.path() / "p/cut.parquet");
  write("q/a.parquet", whole);
  write("q/b.parquet", whole);
  open({{"files", "q/*.parquet"}, {"as", "readings"}});
  EXPECT_EQ(all("SELECT count(*), min(filename), max(filename) FROM s.readings"),
            "2000|q/a.parquet|q/b.parquet|\n");
}

TEST_F(SourcesTest, Sqlite) {
  sqlite("x.db",
         "CREATE TABLE flights (id INTEGER PRIMARY KEY, d REAL, s TEXT, day DATE, t TIMESTAMP);"
         "INSERT INTO flights VALUES (1, 1.5, 'ä', '2013-01-01', '2013-01-01 10:00:00'),"
         "(2, 2, NULL, NULL, NULL);"
         "CREATE TABLE \"odd \"\"t.able\" (\"x y\" INTEGER); INSERT INTO \"odd \"\"t.able\" VALUES "
         "(7);"
         "CREATE VIEW big AS SELECT * FROM flights WHERE id > 1");
  std::vector<SourceTable> tables = open("sqlite:x.db");
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tables[1].name, "flights");
  EXPECT_EQ(types(tables[1]), "id int64, d float64, s string, day date, t timestamp, ");
  EXPECT_EQ(tables[1].notes.size(), 0u);
  EXPECT_EQ(tables[1].files.size(), 1u);
  EXPECT_EQ(all("SELECT * FROM s.flights ORDER BY id"),
            "1|1.5|ä|2013-01-01|2013-01-01T10:00:00|\n2|2||||\n");
  EXPECT_EQ(all("SELECT \"x y\" FROM s.\"odd \"\"t.able\""), "7|\n");
  EXPECT_EQ(all("SELECT id FROM s.big"), "2|\n");
  open({{"url", "sqlite:x.db"}});
  open("x.db");
  EXPECT_EQ(failure([&] { engine.execute("INSERT INTO s.flights (id) VALUES (3)"); }).code(),
            Code::invalid);
}

TEST_F(SourcesTest, SqliteCellsThatBreakTheirTypeAreText) {
  sqlite("x.db",
         "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, s TEXT, day DATE, clean REAL);"
         "INSERT INTO t VALUES (1, 5, 1.5, 'a', '2013-01-01', 0.1),"
         "(2, 'N/A', 2.5, 'b', 'bad', 1e300), (3, 6.5, 'oops', X'00ff', '2013-01-03', 1.0/3);"
         "CREATE TABLE dates (day DATE); INSERT INTO dates VALUES ('2013-01-01'), ('01.02.2013')");
  std::vector<SourceTable> tables = open("x.db");
  ASSERT_EQ(tables.size(), 2u);
  const SourceTable& t = tables[1];
  EXPECT_EQ(types(t), "id int64, n string, r string, s string, day string, clean float64, ");
  ASSERT_EQ(t.notes.size(), 4u);
  EXPECT_EQ(t.notes[0], "column n is declared BIGINT and read as text: row 2 holds \"N/A\"");
  EXPECT_EQ(t.notes[1], "column r is declared DOUBLE and read as text: row 3 holds \"oops\"");
  EXPECT_EQ(t.notes[2], "column s is declared VARCHAR and read as text: row 3 holds \"X'00FF'\"");
  EXPECT_EQ(t.notes[3], "column day is declared DATE and read as text: row 2 holds \"bad\"");
  EXPECT_EQ(all("SELECT * EXCLUDE (clean) FROM s.t ORDER BY id"),
            "1|5|1.5|a|2013-01-01|\n2|N/A|2.5|b|bad|\n3|6.5|oops|X'00FF'|2013-01-03|\n");
  EXPECT_EQ(all("SELECT bool_and(clean IN (0.1::DOUBLE, 1e300::DOUBLE, 1.0::DOUBLE / 3)) FROM s.t"),
            "true|\n");
  EXPECT_EQ(types(tables[0]), "day string, ");
}

TEST_F(SourcesTest, SqliteColumnsWithoutATypeHaveThatOfTheirCells) {
  sqlite("x.db",
         "CREATE TABLE t (i, d, s, b, m, none); INSERT INTO t VALUES (1, 1.5, 'Größe', X'01', 1, "
         "NULL),"
         "(2, 2, NULL, X'02', 'x', NULL)");
  std::vector<SourceTable> tables = open("x.db");
  EXPECT_EQ(types(tables[0]), "i int64, d float64, s string, b string, m string, none string, ");
  EXPECT_EQ(all("SELECT i, d, s, m FROM s.t"), "1|1.5|Größe|1|\n2|2||x|\n");
  EXPECT_EQ(tables[0].notes.size(), 0u);
}

TEST_F(SourcesTest, SqliteTablesWithoutRowIds) {
  sqlite("x.db",
         "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, r REAL, day DATE) WITHOUT ROWID;"
         "INSERT INTO t VALUES ('a', 1, 0.1, '2013-01-01'), ('b', NULL, 1e300, NULL)");
  std::vector<SourceTable> tables = open("x.db");
  EXPECT_EQ(types(tables.at(0)), "k string, n int64, r float64, day date, ");
  EXPECT_EQ(all("SELECT count(*) FROM s.t"), "2|\n");
  EXPECT_EQ(all("SELECT * EXCLUDE (r), r IN (0.1::DOUBLE, 1e300::DOUBLE) FROM s.t ORDER BY k"),
            "a|1|2013-01-01|true|\nb|||true|\n");
}

TEST_F(SourcesTest, SqliteViewsAreReadBySqlite) {
  sqlite(
      "x.db",
      "CREATE TABLE t (id INTEGER, day DATE, s TEXT); INSERT INTO t VALUES (1, '2013-01-01', 'a'),"
      "(2, '2013-01-02', 'b'), (2, 'bad', NULL);"
      "CREATE VIEW v AS SELECT id, count(*) AS n, avg(id) AS m, strftime('%Y', day) AS y, "
      "min(s) AS s FROM t GROUP BY id;"
      "CREATE VIEW days AS SELECT id, day FROM t; CREATE VIEW good AS SELECT day FROM t WHERE id = "
      "1");
  std::vector<SourceTable> tables = open("x.db");
  ASSERT_EQ(tables.size(), 4u);
  EXPECT_EQ(types(tables[0]), "id int64, day string, ");
  ASSERT_EQ(tables[0].notes.size(), 1u);
  EXPECT_NE(tables[0].notes[0].find("row 3 holds \"bad\""), std::string::npos);
  EXPECT_EQ(types(tables[1]), "day date, ");
  EXPECT_EQ(types(tables[3]), "id int64, n int64, m float64, y string, s string, ");
  EXPECT_EQ(all("SELECT * FROM s.v ORDER BY id"), "1|1|1|2013|a|\n2|2|2|2013|b|\n");
  EXPECT_EQ(all("SELECT count(*) FROM s.v"), "2|\n");
}

TEST_F(SourcesTest, ABrokenViewSpoilsNothingElse) {
  sqlite("x.db",
         "CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1); CREATE TABLE gone (i);"
         "CREATE VIEW a AS SELECT * FROM gone; CREATE VIEW b AS SELECT * FROM a; DROP TABLE gone");
  std::vector<SourceTable> tables;
  for (SourceTable& table :
       make_source({.name = "s", .given = "x.db", .base = dir.path()})->open(engine))
    tables.push_back(std::move(table));
  ASSERT_EQ(tables.size(), 3u);
  for (size_t i : {0, 1}) {
    ASSERT_TRUE(tables[i].problem);
    EXPECT_EQ(tables[i].problem->code(), Code::invalid);
    EXPECT_NE(tables[i].problem->message().find("gone"), std::string::npos);
    EXPECT_EQ(tables[i].problem->where().file, dir.path() / "x.db");
  }
  EXPECT_FALSE(tables[2].problem);
  EXPECT_EQ(types(tables[2]), "i int64, ");
}

TEST_F(SourcesTest, AViewWithoutAnEndIsNotWaitedFor) {
  sqlite("x.db",
         "CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1);"
         "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT i FROM t UNION ALL SELECT x + 1 FROM c) "
         "SELECT c.x, t.i FROM c, t");
  std::vector<SourceTable> tables = open("x.db");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_FALSE(tables[0].endless);
  EXPECT_TRUE(tables[1].endless);
  EXPECT_EQ(types(tables[1]), "x string, i int64, ");
  EXPECT_EQ(tables[1].notes.size(), 1u);
}

TEST_F(SourcesTest, SqliteLogsAreContent) {
  sqlite3* handle = nullptr;
  sqlite3_open((dir.path() / "x.db").c_str(), &handle);
  sqlite3_exec(handle,
               "PRAGMA journal_mode = WAL; CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)",
               nullptr, nullptr, nullptr);
  std::vector<SourceTable> tables = open("x.db");
  EXPECT_EQ(tables[0].files.size(), 2u);
  EXPECT_EQ(all("SELECT i FROM s.t"), "1|\n");
  sqlite3_close(handle);
}

TEST_F(SourcesTest, BadSqlite) {
  write("x.db", std::string(5000, 'x'));
  Error error = failure([&] { open("x.db"); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().file, dir.path() / "x.db");
  write("empty.db", "");
  EXPECT_EQ(failure([&] { open("empty.db"); }).code(), Code::invalid);
  sqlite("cut.db",
         "CREATE TABLE t (s TEXT); WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
         "FROM r WHERE i < 20000) INSERT INTO t SELECT 'text ' || i FROM r");
  std::string whole = disk().read(dir.path() / "cut.db");
  write("cut.db", whole.substr(0, whole.size() / 2));
  error = failure([&] {
    open("cut.db");
    engine.rows("SELECT count(s) FROM s.t");
  });
  EXPECT_EQ(error.where().file, dir.path() / "cut.db") << error.what();
  sqlite("a.db", "CREATE TABLE t (i)");
  EXPECT_EQ(failure([&] { open("*.db"); }).code(), Code::invalid);
  EXPECT_EQ(failure([&] { open({{"url", "sqlite:a.db"}, {"as", "x"}}); }).code(), Code::invalid);
}

TEST_F(SourcesTest, SqliteFindingsAreRemembered) {
  Database database(dir.path() / "facts.sqlite3");
  FileDigests digests(database);
  sqlite("x.db", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), ('N/A')");
  SourceTable first = open("x.db", &digests)[0];
  SourceTable second = open("x.db", &digests)[0];
  EXPECT_EQ(first.notes, second.notes);
  EXPECT_EQ(first.relation, second.relation);
  EXPECT_EQ(first.notes.size(), 1u);
}

TEST_F(SourcesTest, Duckdb) {
  std::string path = (dir.path() / "x.duckdb").string();
  engine.execute("ATTACH '" + path +
                 "' AS w; CREATE TABLE w.t AS SELECT 1 AS i, 'ä' AS s; "
                 "CREATE SCHEMA w.other; CREATE TABLE w.other.u AS SELECT 2 AS j; "
                 "CREATE VIEW w.v AS SELECT i + 1 AS k FROM t; DETACH w");
  std::vector<SourceTable> tables = open("duckdb:x.duckdb");
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(all("SELECT i, s FROM s.t"), "1|ä|\n");
  EXPECT_EQ(all("SELECT j FROM s.\"other.u\""), "2|\n");
  open("x.duckdb");
  write("y.duckdb", std::string(20000, 'x'));
  Error error = failure([&] { open("y.duckdb"); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().file, dir.path() / "y.duckdb");
  std::string whole = disk().read(path);
  write("cut.duckdb", whole.substr(0, 5000));
  error = failure([&] { open("cut.duckdb"); });
  EXPECT_EQ(error.where().file, dir.path() / "cut.duckdb");
}

TEST_F(SourcesTest, ManyColumns) {
  std::string header, row;
  for (int i = 0; i < 10000; ++i) {
    header += fmt::format("{}c{}", i > 0 ? "," : "", i);
    row += fmt::format("{}{}", i > 0 ? "," : "", i);
  }
  write("wide.csv", header + "\n" + row + "\n");
  EXPECT_EQ(open("wide.csv")[0].columns.size(), 10000u);
  EXPECT_EQ(all("SELECT c9999 FROM s.wide"), "9999|\n");
}

}  // namespace
}  // namespace gristmill
