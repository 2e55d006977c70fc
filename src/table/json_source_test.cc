#include "table/test_sources.h"

namespace gristmill {
namespace {

using JsonSourceTest = SourcesTest;

TEST_F(JsonSourceTest, LinesAndArraysAreTables) {
  write("lines.jsonl", "{\"id\": 1, \"code\": \"007\"}\n\n{\"id\": 2, \"late\": 0.5}\n");
  write("array.json", "[{\"id\": 1, \"ok\": true},\n {\"id\": 2.5, \"ok\": null}]");
  std::vector<SourceTable> tables = open("*.json*");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(types(tables[0]), "id float64, ok boolean, ");
  EXPECT_EQ(types(tables[1]), "id int64, code string, late float64, ");
  EXPECT_EQ(all("SELECT * FROM s.lines"), "1|007||\n2||0.5|\n");
  EXPECT_EQ(all("SELECT * FROM s.array"), "1|true|\n2.5||\n");
}

TEST_F(JsonSourceTest, WhatIsNestedIsTakenApartBySql) {
  write("orders.jsonl",
        "{\"id\": 1, \"to\": {\"city\": \"Ulm\"}, \"items\": [{\"n\": 2}, {\"n\": 3}]}\n"
        "{\"id\": 2, \"to\": null, \"items\": []}\n");
  EXPECT_EQ(types(open("orders.jsonl")[0]), "id int64, to string, items string, ");
  EXPECT_EQ(all("SELECT id, o.to.city, unnest(items).n AS n FROM s.orders o ORDER BY ALL"),
            "1|Ulm|2|\n1|Ulm|3|\n");
  EXPECT_EQ(all("SELECT items FROM s.orders"), "[{\"n\":2},{\"n\":3}]|\n[]|\n");
}

TEST_F(JsonSourceTest, TypesHoldEveryValueHoweverLate) {
  std::string lines;
  for (int i = 0; i < 50000; ++i) lines += "{\"a\": 1, \"b\": 1}\n";
  write("late.jsonl", lines + "{\"a\": \"x\", \"b\": 1.5, \"rare\": 7}\n");
  const SourceTable table = open("late.jsonl")[0];
  EXPECT_EQ(types(table), "a string, b float64, rare int64, ");
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_EQ(table.notes[0], "column a is read as text: it holds values of several kinds");
  EXPECT_EQ(all("SELECT max(a), sum(rare) FROM s.late"), "x|7|\n");
}

TEST_F(JsonSourceTest, TimesKeepTheirOffsets) {
  write("t.jsonl",
        "{\"at\": \"2024-05-01T10:00:00+02:00\", \"local\": \"2024-05-01T10:00:00\", \"day\": "
        "\"2024-05-01\", \"mixed\": \"2024-05-01T10:00:00Z\"}\n"
        "{\"at\": \"2024-05-01T10:00:00Z\", \"local\": null, \"day\": null, \"mixed\": "
        "\"2024-05-01T10:00:00\"}\n");
  const SourceTable table = open("t.jsonl")[0];
  EXPECT_EQ(types(table), "at timestamptz, local timestamp, day date, mixed string, ");
  EXPECT_EQ(table.notes.at(0), "column mixed is read as text: 1 of its 2 times name their offset");
  EXPECT_EQ(all("SELECT min(\"at\") FROM s.t"), "2024-05-01T08:00:00Z|\n");
}

TEST_F(JsonSourceTest, ManyFilesAreOneTable) {
  write("p/1.jsonl", "{\"a\": 1}\n");
  write("p/2.jsonl", "{\"a\": 2.5, \"b\": \"x\"}\n");
  const SourceTable table = open({{"files", "p/*.jsonl"}, {"as", "all"}})[0];
  EXPECT_EQ(types(table), "a float64, b string, filename string, ");
  EXPECT_EQ(all("SELECT * FROM s.all ORDER BY a"), "1||p/1.jsonl|\n2.5|x|p/2.jsonl|\n");
}

TEST_F(JsonSourceTest, FilesAreReadAsTheyAreNamed) {
  write("store=north/q[1].jsonl", "{\"a\": 1}\n");
  write("store=north/q1.jsonl", "{\"a\": 2}\n");
  EXPECT_EQ(types(open({{"files", "store=north/*.jsonl"}, {"as", "all"}})[0]),
            "a int64, filename string, ");
  EXPECT_EQ(all("SELECT * FROM s.all ORDER BY a"),
            "1|store=north/q[1].jsonl|\n2|store=north/q1.jsonl|\n");
}

TEST_F(JsonSourceTest, ErrorsNameTheLine) {
  auto message = [&](const std::string& bytes) {
    write("x.jsonl", bytes);
    const Error error = failure([&] { open("x.jsonl"); });
    EXPECT_NE(error.where().file.find("x.jsonl"), std::string::npos);
    return fmt::format("{}: {}", error.where().line, error.message());
  };
  EXPECT_EQ(message("{\"a\": 1}\n{\"a\": oops}\n"), "2: \"{\"a\": oops}\" is not JSON");
  EXPECT_EQ(message("{\"a\": 1}\n[1]\n"), "2: \"[1]\" is no object of JSON");
  EXPECT_EQ(message(""), "0: the file is empty");
  EXPECT_EQ(message("{\"a\": 1, \"A\": 2}\n").substr(0, 15), "0: its fields \"");
  write("x.jsonl", "{\"a\": 1, \"A_1\": 2}\n");
  EXPECT_EQ(types(open("x.jsonl")[0]), "a int64, A_1 int64, ");
}

TEST_F(JsonSourceTest, PackedFilesAreReadOrRefusedWhole) {
  std::string lines;
  for (int i = 0; i < 20000; ++i)
    lines += fmt::format("{{\"a\": {}, \"b\": \"x{}\"}}\n", i, i * 7919);
  for (const auto& [suffix, bytes] : {std::pair(std::string("gz"), gzipped(lines)),
                                      std::pair(std::string("zst"), zstd_packed(lines))}) {
    write("whole.jsonl." + suffix, bytes);
    EXPECT_EQ(types(open("whole.jsonl." + suffix)[0]), "a int64, b string, ");
    EXPECT_EQ(all("SELECT count(*), sum(a) FROM s.whole"), "20000|199990000|\n");
    const std::string kind = suffix == "gz" ? "gzip" : "zstd";
    for (const size_t size : {bytes.size() - 1, bytes.size() / 2, size_t(20)}) {
      write("cut.jsonl." + suffix, bytes.substr(0, size));
      const Error error = failure([&] { open("cut.jsonl." + suffix); });
      EXPECT_EQ(error.message(), "this " + kind + " file is damaged or cut short") << size;
      EXPECT_EQ(error.where().file, (dir.path() / ("cut.jsonl." + suffix)).string());
    }
    std::string damaged = bytes;
    for (size_t i = damaged.size() / 2; i < damaged.size() / 2 + 40; ++i) damaged[i] ^= 0x55;
    write("damaged.jsonl." + suffix, damaged);
    EXPECT_EQ(failure([&] { open("damaged.jsonl." + suffix); }).message(),
              "this " + kind + " file is damaged or cut short");
    write("plain.jsonl." + suffix, lines);
    EXPECT_EQ(failure([&] { open("plain.jsonl." + suffix); }).message(),
              "this is not a " + kind + " file");
  }
}

TEST_F(JsonSourceTest, LongWholeNumbersAreKept) {
  write("n.jsonl",
        "{\"a\": 9007199254740993, \"b\": 18446744073709551615}\n"
        "{\"a\": -9223372036854775807, \"b\": -1}\n{\"a\": 9223372036854775807}\n");
  const SourceTable table = open("n.jsonl")[0];
  EXPECT_EQ(types(table), "a int64, b string, ");
  EXPECT_EQ(table.notes.at(0), "column b is read as text: it holds whole numbers beyond int64");
  EXPECT_EQ(all("SELECT * FROM s.n"),
            "9007199254740993|18446744073709551615|\n-9223372036854775807|-1|\n"
            "9223372036854775807||\n");
}

TEST_F(JsonSourceTest, WholeNumbersBeyondAllTypesAreTextAndRoundedOnesAreTold) {
  write("n.jsonl",
        "{\"a\": 12345678901234567890123, \"b\": 9007199254740993, \"c\": 1.5}\n"
        "{\"a\": 1, \"b\": 1.5, \"c\": 9007199254740992}\n");
  const SourceTable table = open("n.jsonl")[0];
  EXPECT_EQ(types(table), "a string, b float64, c float64, ");
  EXPECT_EQ(table.notes,
            (std::vector<std::string>{
                "column a is read as text: it holds whole numbers beyond int64",
                "column b is read as float64, which rounds whole numbers beyond 2^53: 1 of its 2 "
                "values"}));
  EXPECT_EQ(all("SELECT a FROM s.n"), "12345678901234567890123|\n1|\n");
}

TEST_F(JsonSourceTest, TimesMayHaveAFractionHereAndThere) {
  write("t.jsonl", "{\"at\": \"2024-02-29T23:59:59.123456\"}\n{\"at\": \"2024-01-01T00:00:00\"}\n");
  EXPECT_EQ(types(open("t.jsonl")[0]), "at timestamp, ");
  EXPECT_EQ(all("SELECT \"at\" FROM s.t ORDER BY \"at\""),
            "2024-01-01T00:00:00|\n2024-02-29T23:59:59.123456|\n");
}

}  // namespace
}  // namespace gristmill
