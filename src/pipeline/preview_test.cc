// What `preview` shows of a table's rules.
#include "pipeline/preview.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/testing.h"

namespace gristmill {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* orders = R"(id,amount,temp
1,10,5.5
2,N/A,-999
3,12 kg,7
4,13,200
5,14,
6,15,9
7,16,8
)";

constexpr const char* upstream = R"(
clean:
  here.orders:
    - missing: {values: [N/A, -999]}
    - expect: {nulls: {id: 0}}
    - derive: {amount: CAST(amount AS DOUBLE), twice: id * 2}
    - range: {temp: [-40, 60]}
    - drop: [id = 6, amount > 15]
)";

class PreviewTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;

  void file(const std::string& name, const std::string& text) {
    disk().write_atomic(dir.path() / name, text);
  }
  Preview preview(const std::string& text, const PreviewRequest& request) {
    file(std::string(project_file), "sources: {here: \"*.csv\"}\n" + text);
    const Project project = Project::read(dir.path(), {});
    Executor executor(workspace, progress, false, "");
    Tables tables(project, executor);
    return preview_rules(project, request, tables, executor);
  }
  // A line a cell: row, rule, column, before → after.
  static Lines lines(const Preview& preview) {
    Lines out;
    for (const PreviewRow& row : preview.shown) {
      for (const PreviewCell& cell : row.cells)
        out.push_back(fmt::format("{} {}: {} {} → {}", row.row, preview.rules[cell.rule].number,
                                  cell.column, cell.before.dump(), cell.after.dump()));
    }
    return out;
  }
  static Lines counts(const Preview& preview) {
    Lines out;
    for (const PreviewedRule& rule : preview.rules)
      out.push_back(fmt::format("{} {}: {}/{} -{} !{}", rule.number, rule.kind, rule.cells,
                                rule.rows, rule.dropped, rule.broken));
    return out;
  }
};

TEST_F(PreviewTest, ShowsOnlyWhatChangesInTheOrderTheRulesRun) {
  file("orders.csv", orders);
  const Preview all = preview(upstream, {.table = "here.orders"});
  EXPECT_EQ(all.rows, 7);
  EXPECT_EQ(all.changed, 2);
  EXPECT_EQ(all.dropped, 2);
  EXPECT_EQ(all.broken, 1);
  // What is read as another type but looks the same is no change; what is added stands beside.
  EXPECT_EQ(lines(all), (Lines{
                            R"(2 1: amount "N/A" → null)",
                            R"(2 1: temp -999.0 → null)",
                            R"(2 3: twice null → 4)",
                            R"(3 3: amount "12 kg" → "broken: cannot cast \"12 kg\" to DOUBLE")",
                            R"(4 3: twice null → 8)",
                            R"(4 4: temp 200.0 → null)",
                            R"(6 3: twice null → 12)",
                            R"(6 5:  null → "dropped: id = 6")",
                            R"(7 3: twice null → 14)",
                            R"(7 5:  null → "dropped: amount > 15")",
                        }));
  EXPECT_EQ(counts(all), (Lines{"1 missing: 2/1 -0 !0", "3 derive: 0/0 -0 !1", "4 range: 1/1 -0 !0",
                                "5 drop: 0/0 -2 !0"}));
}

TEST_F(PreviewTest, OneRuleAfterThoseBeforeIt) {
  file("orders.csv", orders);
  const Preview range = preview(upstream, {.table = "here.orders", .rule = "4"});
  EXPECT_EQ(lines(range), Lines{"4 4: temp 200.0 → null"});
  EXPECT_EQ(range.rows, 7);
  EXPECT_EQ(counts(range), Lines{"4 range: 1/1 -0 !0"});
  EXPECT_EQ(lines(preview(upstream, {.table = "here.orders", .rule = "missing", .limit = 0})),
            Lines{});
  // A rule that only adds shows what it adds.
  const Preview adds =
      preview("clean:\n  here.orders:\n    - derive: {twice: id * 2}\n    - rename: {temp: t}\n",
              {.table = "here.orders", .limit = 1});
  EXPECT_EQ(lines(adds), Lines{"1 1: twice null → 2"});
  EXPECT_EQ(adds.changed, 7);
  EXPECT_EQ(counts(adds), (Lines{"1 derive: 7/7 -0 !0", "2 rename: 0/0 -0 !0"}));
}

TEST_F(PreviewTest, FittedRulesAreFittedOnTheTrainingRows) {
  // The mean of the training rows is 1; rows from id 80 on hold 100.
  std::string text = "id,x,day,y\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("{},{},2024-{:02}-{:02},{}\n", i,
                        i % 10 == 3 ? ""
                        : i < 80    ? "1"
                                    : "100",
                        1 + i / 25, 1 + i % 25, i % 7);
  file("rows.csv", text);
  const std::string project = R"(
clean:
  here.rows:
    - impute: {x: mean}
    - derive: {twice: x * 2}
    - drop: id % 10 = 5
predict:
  y_of: {from: here.rows, key: id, target: y, split: {time: day, validate: 10%, test: 10%}}
)";
  const Preview made = preview(project, {.table = "here.rows", .limit = 2});
  EXPECT_EQ(made.fitted_on, "y_of");
  EXPECT_EQ(made.key, Lines{"id"});
  EXPECT_EQ(made.shown[0].key, nlohmann::json{3});
  EXPECT_EQ(lines(made), (Lines{"4 1: x null → 1.0", "4 2: twice null → 2.0",
                                R"(6 3:  null → "dropped: id % 10 = 5")"}));
  EXPECT_EQ(counts(made),
            (Lines{"3 drop: 0/0 -10 !0", "1 impute: 10/10 -0 !0", "2 derive: 0/0 -0 !0"}));
  // Nothing is fitted for a rule that comes before.
  EXPECT_EQ(preview(project, {.table = "here.rows", .rule = "drop"}).fitted_on, "");
}

TEST_F(PreviewTest, ATableWithoutRows) {
  file("orders.csv", "id,amount,temp\n");
  const Preview none =
      preview("clean:\n  here.orders:\n    - drop: id = '1'\n", {.table = "here.orders"});
  EXPECT_EQ(none.rows, 0);
  EXPECT_TRUE(none.shown.empty());
  EXPECT_EQ(none.json()["rules"][0]["dropped"], 0);
}

TEST_F(PreviewTest, WrongQuestions) {
  file("orders.csv", orders);
  const auto error = [&](const std::string& text, const PreviewRequest& request) {
    return std::string(failure([&] { preview(text, request); }).what());
  };
  EXPECT_NE(error(upstream, {.table = "here.orders", .rule = "clip"})
                .find("table here.orders has no rule \"clip\"\n  hint: its rules are 1 missing, 2 "
                      "expect, 3 derive, 4 range, 5 drop"),
            std::string::npos);
  EXPECT_NE(error(upstream, {.table = "here.orders", .rule = "0"}).find("no rule \"0\""),
            std::string::npos);
  EXPECT_NE(error(upstream, {.table = "here.orders", .rule = "expect"}).find("changes nothing"),
            std::string::npos);
  EXPECT_NE(error("", {.table = "here.orders"}).find("table here.orders has no rules"),
            std::string::npos);
  EXPECT_NE(error("clean:\n  here.orders:\n    - impute: {temp: mean}\n", {.table = "here.orders"})
                .find("must see training rows"),
            std::string::npos);
}

}  // namespace
}  // namespace gristmill
