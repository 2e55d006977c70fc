// Tables that stack others: found by name or pattern, made and planned as any table.
#include <gtest/gtest.h>

#include "base/testing.h"
#include "pipeline/tables.h"

namespace gristmill {
namespace {

using Lines = std::vector<std::string>;

class UnionTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;
  std::optional<Project> project;
  std::optional<Executor> executor;
  std::optional<Tables> made;

  void SetUp() override {
    file("jan.csv", "id,amount\n1,10\n2,20\n");
    file("feb.csv", "ID,Amount\n3,2.5\n");
    file("other.csv", "word\nhello\n");
  }
  void file(const std::string& name, const std::string& text) {
    disk().write_atomic(dir.path() / name, text);
  }
  Tables& tables(const std::string& text, bool plan = false, bool frozen = false) {
    file(std::string(project_file),
         "sources: {here: \"*.csv\", there: \"*.csv\"}\ntables:\n" + text);
    made.reset();
    project = Project::read(dir.path(), {});
    executor.emplace(workspace, progress, plan, "");
    return made.emplace(*project, *executor, frozen);
  }
  Lines rows(const TableHandle& handle) {
    Lines out;
    for (const auto& row : workspace.engine().rows("SELECT * FROM " + handle.relation))
      out.push_back(fmt::format("{}", fmt::join(row, "|")));
    return out;
  }
  Error refused(const std::string& text) {
    return failure([&] { tables(text).stored("all"); });
  }
};

TEST_F(UnionTest, IsATableAsAnyOther) {
  const std::string text = "  all: {union: [here.jan, here.feb], key: id, origin: month}\n";
  const TableHandle& all = tables(text).stored("all");
  EXPECT_EQ(rows(all), (Lines{"1|10|here.jan", "2|20|here.jan", "3|2.5|here.feb"}));
  EXPECT_EQ(all.facts["rows_in"], nlohmann::json::parse(R"([["here.jan", 2], ["here.feb", 1]])"));
  EXPECT_EQ(all.facts["union"][1]["types"], nlohmann::json::parse(R"({"here.jan": "int64"})"));
  EXPECT_EQ(all.facts["notes"].size(), 3u);
  tables(text).stored("all");
  EXPECT_EQ(executor->steps()[0].fate, TaskStep::Fate::reused);
  file("feb.csv", "ID,Amount\n4,2.5\n");
  tables(text).stored("all");
  EXPECT_EQ(executor->steps()[0].reason, "table here.feb changed");
  EXPECT_EQ(failure([&] {
              tables("  all: {union: [here.jan, there.jan], key: id}\n").stored("all");
            }).message(),
            "the key [id] is not unique: id = 1 occurs more than once");
}

TEST_F(UnionTest, PatternsFindTables) {
  EXPECT_EQ(rows(tables("  all: {union: \"here.[jf]*\", origin: o}\n").stored("all")),
            (Lines{"1|10|here.jan", "2|20|here.jan", "3|2.5|here.feb"}));
  const auto names = [&](const std::string& text) {
    Lines out;
    for (const auto& item : tables(text).stored("all").facts["rows_in"]) out.push_back(item[0]);
    return out;
  };
  // What is named stands where it is named, once.
  EXPECT_EQ(names("  all: {union: [\"here.[jf]*\", here.jan]}\n"), (Lines{"here.feb", "here.jan"}));
  EXPECT_EQ(names("  all: {union: \"*.jan\"}\n"), (Lines{"here.jan", "there.jan"}));
  EXPECT_EQ(names("  all: {union: \"*l*\"}\n  alike: SELECT 1 AS x\n  late: SELECT 2 AS x\n"),
            (Lines{"alike", "late"}));
}

TEST_F(UnionTest, WhatIsWrongIsToldWithItsPlace) {
  const Error unknown = refused("  all:\n    union:\n      - here.jan\n      - here.fev\n");
  EXPECT_EQ(unknown.code(), Code::not_found);
  EXPECT_EQ(unknown.message(), "there is no table \"here.fev\"");
  EXPECT_EQ(unknown.hint(), "did you mean \"here.feb\"?");
  EXPECT_EQ(unknown.where().line, 6);
  const Error nothing = refused("  all: {union: [\"here.x*\"]}\n");
  EXPECT_EQ(nothing.message(), "no table is like `here.x*`");
  EXPECT_EQ(nothing.where().line, 3);
  EXPECT_EQ(refused("  all: {union: [here.jan, here.other]}\n").message(),
            "here.jan has no column in common with here.other");
  EXPECT_EQ(refused("  all: {union: [all]}\n").message(),
            "tables read each other in a circle: all → all");
  EXPECT_EQ(refused("  all: {union: [here.jan, here.jan]}\n").message(),
            "`here.jan` stands twice in the union");
}

TEST_F(UnionTest, IsPlannedAndFrozen) {
  const std::string text = "  all: {union: [a, here.feb]}\n  a: SELECT id, amount FROM here.jan\n";
  EXPECT_EQ(tables(text, true).stored("all").schema.names(), (Lines{"id", "amount"}));
  tables(text).stored("all");
  EXPECT_TRUE(tables(text, true).stored("all").need.digest);
  disk().remove(dir.path() / "feb.csv");
  EXPECT_EQ(rows(tables(text, false, true).stored("all")).size(), 3u);
  EXPECT_EQ(made->null_texts("all"), (Lines{"", "NA"}));
}

}  // namespace
}  // namespace gristmill
