#include <gtest/gtest.h>

#include <cmath>

#include "page/html.h"
#include "page/plot.h"
#include "page/run_page.h"

namespace gristmill {
namespace {

using nlohmann::json;

TEST(Html, TextIsNeverMarkup) {
  EXPECT_EQ(escaped("<b> & \"x\""), "&lt;b&gt; &amp; &quot;x&quot;");
  EXPECT_EQ(escaped(std::string_view("a\0\x1b[31m\xff", 8)), "a  [31m\uFFFD");
  EXPECT_EQ(escaped("Köln"), "Köln");
}

TEST(Html, NumbersStandToTheRight) {
  const std::string table = html_table({"name", "rows"}, {{text_cell("a<b"), number_cell("12")}});
  EXPECT_NE(table.find("<td>a&lt;b</td><td class=\"number\">12</td>"), std::string::npos) << table;
  EXPECT_NE(table.find("<th class=\"number\">rows</th>"), std::string::npos) << table;
}

TEST(Plot, MarksAreShort) {
  EXPECT_EQ(mark_text(0), "0");
  EXPECT_EQ(mark_text(0.11612), "0.116");
  EXPECT_EQ(mark_text(12345.6), "12,346");
  EXPECT_EQ(mark_text(3.2e9), "3.2e+09");
  EXPECT_EQ(mark_text(NAN), "–");
}

// Where a rectangle of a bar begins and how wide it is.
std::vector<std::pair<double, double>> bars_in(const std::string& svg) {
  std::vector<std::pair<double, double>> out;
  for (size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) {
    const size_t x = svg.find("x=\"", at) + 3, width = svg.find("width=\"", at) + 7;
    out.emplace_back(std::stod(svg.substr(x)), std::stod(svg.substr(width)));
  }
  return out;
}

TEST(Plot, BarsAreAsLongAsTheirValues) {
  const auto bars = bars_in(bar_plot({{"a", "", 4}, {"b", "", 2}, {"c", "", -1}}));
  ASSERT_EQ(bars.size(), 3u);
  EXPECT_NEAR(bars[0].second, 2 * bars[1].second, 0.2);
  EXPECT_NEAR(bars[2].second, bars[1].second / 2, 0.2);
  EXPECT_NEAR(bars[2].first + bars[2].second, bars[0].first, 0.2);  // left of zero
}

TEST(Plot, NothingToScaleByIsNoFault) {
  for (const std::string& svg :
       {bar_plot({{"a", "", 0}}), range_plot({{"a", "", NAN, NAN, NAN}}, NAN),
        unit_plot({{0.5, 0.5, 0}}, "x", "y"), line_plot({{1, 1}}, 1, 1),
        dot_plot({{"a", 1}}, 1, 1)}) {
    EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
    EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
  }
}

TEST(Plot, LongNamesLoseTheirMiddle) {
  const std::string svg = bar_plot({{"a_very_long_family_of_columns_first_one", "", 1}});
  EXPECT_NE(svg.find("a_very_long_…s_first_one"), std::string::npos) << svg;
  EXPECT_NE(svg.find("<title>a_very_long_family_of_columns_first_one</title>"), std::string::npos);
}

TEST(RunPage, AFailedRunSaysWhy) {
  const json run = {{"run", "20260101-000000"},
                    {"started", 1767225600},
                    {"ended", 1767225602},
                    {"status", "failed"},
                    {"report", {{"error", {{"message", "there is no column <x>"}}}}},
                    {"tasks", json::array()}};
  const std::string page = run_page("shop", run, json::object());
  EXPECT_NE(page.find("there is no column &lt;x&gt;"), std::string::npos) << page;
  EXPECT_NE(page.find("2026-01-01 00:00:00 UTC, took 2 s"), std::string::npos) << page;
}

}  // namespace
}  // namespace gristmill
