// Checks of tables: what is measured once, what is judged each time, and when.
#include "pipeline/checker.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;

struct FixedClock : Clock {
  int64_t micros = 0;
  int64_t now() override { return micros; }
};

class CheckerTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;
  FixedClock clock;
  Names fates;  // of the check tasks of the last run

  void file(const std::string& name, const std::string& text) {
    disk().write_atomic(dir.path() / name, text);
  }
  // The outcomes of `here.rows` with these rules.
  CheckedTable checked(const std::string& expect) {
    file(std::string(project_file),
         "sources: {here: \"*.csv\"}\nclean:\n  here.rows:\n    - expect: " + expect + "\n");
    const Project project = Project::read(dir.path(), {});
    Executor executor(workspace, progress, false, "");
    Tables tables(project, executor);
    Checker checker(project, tables, executor, clock);
    checker.check("here.rows");
    fates.clear();
    for (const TaskStep& step : executor.steps()) {
      if (step.kind == "check") fates.emplace_back(name_of(step.fate));
    }
    EXPECT_EQ(checker.results().size(), 1u);
    return checker.results().at(0);
  }
  CheckOutcome only(const std::string& expect) { return checked(expect).outcomes.at(0); }
};

TEST_F(CheckerTest, FreshnessIsJudgedByTheClockAndMeasuredOnce) {
  file("rows.csv", "id,at\n1,1970-01-03 00:00:00\n");
  const std::string expect = "{freshness: {at: 1d}}";
  constexpr int64_t day = int64_t(86400) * 1'000'000;
  clock.micros = 3 * day;
  EXPECT_EQ(only(expect).status(), "passed");
  EXPECT_EQ(fates, Names{"ran"});
  clock.micros = 3 * day + 1;
  EXPECT_EQ(only(expect).status(), "failed");
  EXPECT_EQ(fates, Names{"reused"});
}

TEST_F(CheckerTest, AVersionThatFailedIsNotWhatTheNextIsComparedWith) {
  const std::string expect = "{distribution: {x: {ks: 0.3}}}";
  const auto rows = [&](int from) {
    std::string text = "id,x\n";
    for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, from + i);
    file("rows.csv", text);
  };
  rows(0);
  EXPECT_EQ(only(expect).finding.message, "no earlier version to compare with");
  rows(20);
  EXPECT_EQ(only(expect).status(), "passed");
  EXPECT_EQ(only(expect).status(), "passed");
  rows(60);  // 40 from the last one
  EXPECT_EQ(only(expect).status(), "failed");
  EXPECT_EQ(only(expect).status(), "failed");
  rows(45);  // 25 from it
  EXPECT_EQ(only(expect).status(), "passed");
  EXPECT_TRUE(workspace.ledger().refs().count("checked/here.rows/before"));
}

TEST_F(CheckerTest, ManyChunksNumberRowsAsTheTableDoes) {
  std::string text = "id,x\n";
  for (int i = 0; i < 200000; ++i) text += fmt::format("{},{}\n", i, i == 150000 ? -1 : i % 7);
  file("rows.csv", text);
  const CheckedTable table =
      checked("{range: {x: [0, 9]}, unique: [id], sql: \"x <> -1\", rows: [200000, 200000]}");
  EXPECT_EQ(table.rows, 200000);
  EXPECT_EQ(table.count("failed"), 2);
  for (const CheckOutcome& outcome : table.outcomes) {
    if (outcome.status() != "failed") continue;
    ASSERT_EQ(outcome.finding.examples.size(), 1u);
    EXPECT_EQ(outcome.finding.examples[0].find("row 150001: "), 0u) << outcome.finding.examples[0];
  }
}

TEST_F(CheckerTest, AColumnOfOurOwnNameIsRefused) {
  file("rows.csv", "id,gristmill_row\n1,1\n");
  EXPECT_EQ(failure([&] { checked("{sql: id > 0}"); }).code(), Code::invalid);
}

}  // namespace
}  // namespace gristmill
