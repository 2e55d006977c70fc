// How numbers and tables look.
#include "cli/console.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gristmill {
namespace {

TEST(Console, NumbersAreGrouped) {
  for (const auto& [number, text] :
       std::vector<std::pair<int64_t, std::string>>{{0, "0"},
                                                    {7, "7"},
                                                    {999, "999"},
                                                    {1000, "1,000"},
                                                    {336776, "336,776"},
                                                    {-100, "-100"},
                                                    {-1000, "-1,000"},
                                                    {1234567, "1,234,567"},
                                                    {INT64_MIN, "-9,223,372,036,854,775,808"},
                                                    {INT64_MAX, "9,223,372,036,854,775,807"}})
    EXPECT_EQ(grouped(number), text);
}

TEST(Console, BytesSecondsAndScores) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(1'234'567), "1.2 MB");
  EXPECT_EQ(bytes_text(5'000'000'000'000'000), "5000.0 TB");
  EXPECT_EQ(seconds_text(0), "0.0 s");
  EXPECT_EQ(seconds_text(9.94), "9.9 s");
  EXPECT_EQ(seconds_text(10), "10 s");
  EXPECT_EQ(seconds_text(119), "119 s");
  EXPECT_EQ(seconds_text(300), "5 min");
  EXPECT_EQ(score_text(0.75), "0.7500");
  EXPECT_EQ(score_text(-0.00004), "-4e-05");
  EXPECT_EQ(score_text(0), "0.0000");
  EXPECT_EQ(score_text(999.99999), "1000.0000");
  EXPECT_EQ(score_text(1000), "1000.0");
  EXPECT_EQ(score_text(-12345.67), "-12345.7");
  EXPECT_EQ(score_text(NAN), "–");
}

TEST(Console, ColumnsAreLinedUpAsSeen) {
  EXPECT_EQ(text_table({"name", "rows", "note"},
                       {{"flüge", "1,234", ""}, {"x", "5", "ünï"}, {"", "–", "b"}}),
            "name    rows  note\n"
            "─────  ─────  ────\n"
            "flüge  1,234\n"
            "x          5  ünï\n"
            "           –  b\n");
}

TEST(Console, ATextAmongNumbersLeavesThemLeft) {
  EXPECT_EQ(text_table({"a", "b"}, {{"1", "10"}, {"22", "x"}}),
            " a  b\n"
            "──  ──\n"
            " 1  10\n"
            "22  x\n");
  EXPECT_EQ(text_table({"a", "bb"}, {}), "a  bb\n─  ──\n");
}

TEST(Console, LaterRowsMayBeWider) {
  const TextTable table({"a", "b"}, {{"x", "1"}});
  EXPECT_EQ(table.head(), "a  b\n─  ─\n");
  EXPECT_EQ(table.line({"wide", "22"}), "wide  22\n");
  EXPECT_EQ(table.line({"y", "3"}), "y  3\n");
}

}  // namespace
}  // namespace gristmill
