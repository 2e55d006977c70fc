#include "frame/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include <nlohmann/json.hpp>

namespace gristmill {
namespace {

TEST(JsonWriter, TextReadsBackTheSame) {
  for (std::string text : {"", "plain", "quote \" back \\ slash", "line\nfeed\ttab", "\x01\x1f",
                           "müller", "\xf0\x9f\x8c\xbe", "a\x7f"}) {
    std::string out;
    append_json_text(out, text);
    EXPECT_EQ(nlohmann::json::parse(out), text);
  }
  std::string nul("a\0b", 3), out;
  append_json_text(out, nul);
  EXPECT_EQ(nlohmann::json::parse(out), nul);
}

TEST(JsonWriter, BytesThatAreNotUtf8AreReplaced) {
  std::string out;
  append_json_text(out, "a\xff\"z\xc3\xa4");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\\\"z\xc3\xa4\"");
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 10000; ++i) {
    uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    std::string out;
    append_json_number(out, value);
    if (!std::isfinite(value)) {
      EXPECT_EQ(out, "null");
      continue;
    }
    EXPECT_EQ(nlohmann::json::parse(out).get<double>(), value) << out;
  }
  for (int64_t value : {int64_t(0), INT64_MIN, INT64_MAX}) {
    std::string out;
    append_json_number(out, value);
    EXPECT_EQ(nlohmann::json::parse(out), value);
  }
  std::string out;
  append_json_number(out, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(out, "null");
}

TEST(JsonWriter, CellsOfEveryType) {
  auto written = [](ColumnBuffer& buffer) {
    std::string out;
    append_json_cell(out, buffer.view(), 0);
    return out;
  };
  ColumnBuffer flag(Type::boolean), day(Type::date), wall(Type::timestamp),
      instant(Type::timestamptz), text(Type::string), none(Type::int64);
  flag.append(true);
  day.append_days(15000);
  wall.append(int64_t(1357034400000000));
  instant.append(int64_t(1357034400000000));
  text.append(std::string_view("x\"y"));
  none.append_null();
  EXPECT_EQ(written(flag), "true");
  EXPECT_EQ(written(day), "\"2011-01-26\"");
  EXPECT_EQ(written(wall).substr(0, 11), "\"2013-01-01");
  EXPECT_TRUE(written(instant).ends_with("Z\""));
  EXPECT_EQ(written(text), "\"x\\\"y\"");
  EXPECT_EQ(written(none), "null");
}

}  // namespace
}  // namespace gristmill
