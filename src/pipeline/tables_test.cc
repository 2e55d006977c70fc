// Tables by name: stored, cleaned, in a circle, planned and looked at.
#include "pipeline/tables.h"

#include <gtest/gtest.h>

#include <list>

#include "base/testing.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using testing_rules::Rows;
using testing_rules::texts;

class TablesTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;
  std::list<Project> projects;
  std::list<Executor> executors;
  std::list<Tables> made;

  void file(const std::string& name, const std::string& text) {
    disk().write_atomic(dir.path() / name, text);
  }
  // The tables of a project file with the source `here: *.csv`.
  Tables& tables(const std::string& text, bool plan = false, bool frozen = false) {
    file(std::string(project_file), "sources: {here: \"*.csv\"}\n" + text);
    projects.push_back(Project::read(dir.path(), {}));
    executors.emplace_back(workspace, progress, plan, "");
    return made.emplace_back(projects.back(), executors.back(), frozen);
  }
  Rows rows(const TableHandle& handle) {
    auto reader = workspace.engine().query("SELECT * FROM " + handle.relation);
    Rows all;
    Batch batch;
    while (reader->next(batch)) {
      for (std::string& row : texts(batch)) all.push_back(std::move(row));
    }
    return all;
  }

  // Fates and reasons of the last tables that were made.
  std::vector<std::string> steps() {
    std::vector<std::string> list;
    for (const TaskStep& step : executors.back().steps()) {
      list.push_back(
          fmt::format("{} {}: {} {}", step.kind, step.name, name_of(step.fate), step.reason));
      while (list.back().back() == ' ') list.back().pop_back();
    }
    return list;
  }
};
using Steps = std::vector<std::string>;

TEST_F(TablesTest, AFileReplacedAfterItWasOpenedIsTold) {
  file("data.csv", "id\n1\n");
  Tables& tables = this->tables("");
  tables.source_tables();
  file("data.csv", "id\n2\n");
  EXPECT_EQ(failure([&] { tables.stored("here.data"); }).code(), Code::conflict);
}

TEST_F(TablesTest, CirclesAreNamedAlongTheirWay) {
  file("data.csv", "id\n1\n");
  const std::string start = "tables:\n  a: SELECT * FROM ";
  for (const auto& [text, circle] : std::map<std::string, std::string>{
           {"a", "a → a"},
           {"b\n  b: SELECT * FROM a", "a → b → a"},
           {"b\n  b: SELECT * FROM c\n  c: SELECT * FROM b", "b → c → b"},
           {"b\n  b: SELECT * FROM here.data JOIN a USING (id)", "a → b → a"}}) {
    const Error error = failure([&] { tables(start + text + "\n").stored("a"); });
    EXPECT_EQ(error.message(), "tables read each other in a circle: " + circle);
    EXPECT_EQ(error.where().line, circle[0] == 'a' ? 3 : 4) << circle;
  }
  // A rule that looks up what is made from its own table.
  const Error error = failure([&] {
    tables(start +
           "here.data\n  b: SELECT * FROM a\nclean:\n  a:\n"
           "    - lookup: {table: b, by: id, take: {other: id}}\n")
        .cleaned("a");
  });
  EXPECT_EQ(error.message(), "tables read each other in a circle: a → b → a");
}

TEST_F(TablesTest, ATableReadsTheCleanedOnesAndIsStoredRaw) {
  file("data.csv", "id,x\n2,-1\n1,5\n");
  Tables& all = tables(
      "tables:\n  a: {sql: SELECT * FROM here.data, key: id}\n  b: SELECT id, x FROM a WHERE x > "
      "0\n"
      "clean:\n  a:\n    - range: {x: [0, 10]}\n");
  EXPECT_EQ(rows(all.stored("a")), (Rows{"1|5", "2|-1"}));
  EXPECT_EQ(rows(all.cleaned("a")), (Rows{"1|5", "2|~"}));
  EXPECT_EQ(rows(all.stored("b")), Rows{"1|5"});
  EXPECT_EQ(rows(all.cleaned("b")), Rows{"1|5"});
  EXPECT_EQ(steps(),
            (Steps{"table a: ran never run", "clean a: ran never run", "table b: ran never run"}));
  std::vector<std::string> names;
  for (const auto& [name, facts] : all.facts()) names.push_back(name);
  EXPECT_NE(std::find(names.begin(), names.end(), "a (cleaned)"), names.end());
}

TEST_F(TablesTest, WhatDidNotChangeIsNotMadeAgain) {
  file("data.csv", "id,x\n1,5\n");
  const std::string text =
      "tables:\n  a: SELECT * FROM here.data\n  b: SELECT count(*) AS n FROM a\n";
  tables(text).stored("b");
  EXPECT_EQ(steps(), (Steps{"table a: ran never run", "table b: ran never run"}));
  tables(text).stored("b");
  EXPECT_EQ(steps(), (Steps{"table a: reused", "table b: reused"}));
  // Another file with the same cells: what is made from them stays.
  file("data.csv", "id,x\n1,\"5\"\n");
  tables(text).stored("b");
  EXPECT_EQ(steps(), (Steps{"table a: ran table here.data changed", "table b: reused"}));
  tables("tables:\n  a: SELECT id FROM here.data\n  b: SELECT count(*) AS n FROM a\n").stored("b");
  EXPECT_EQ(steps(), (Steps{"table a: ran sql changed", "table b: ran table a changed"}));
}

TEST_F(TablesTest, APlanRunsNothing) {
  file("data.csv", "id,x\n1,5\n");
  const std::string text =
      "tables:\n  a: SELECT * FROM here.data\n  b: SELECT count(*) AS n FROM a\n";
  EXPECT_FALSE(tables(text, true).stored("b").need.digest);
  EXPECT_EQ(steps(), (Steps{"table a: would run never run",
                            "table b: may run if table a comes out changed"}));
  tables(text).stored("b");
  EXPECT_TRUE(tables(text, true).stored("b").need.digest);
  EXPECT_EQ(steps(), (Steps{"table a: reused", "table b: reused"}));
}

TEST_F(TablesTest, APlanKnowsColumns) {
  file("data.csv", "id,x,day\n1,5,2024-01-31\n");
  const std::string text =
      "tables:\n  a: SELECT * FROM here.data\n  b: SELECT *, x + n AS more FROM a\n"
      "clean:\n  a:\n    - derive: {n: x / 2}\n"
      "    - lookup: {table: here.data, by: id, take: {when: day}}\n";
  const Schema planned = tables(text, true).cleaned("b").schema;
  EXPECT_EQ(planned.names(), (std::vector<std::string>{"id", "x", "day", "n", "when", "more"}));
  const Schema made = tables(text).cleaned("b").schema;
  ASSERT_EQ(made.names(), planned.names());
  for (size_t i = 0; i < made.size(); ++i)
    EXPECT_EQ(name_of(made[i].type), name_of(planned[i].type)) << made[i].name;
  EXPECT_EQ(rows(tables(text, true).cleaned("b")), (Rows{"1|5|2024-01-31|2.5|2024-01-31|7.5"}));
  const Error error =
      failure([&] { tables(text + "  b:\n    - drop: y > 1\n", true).cleaned("b"); });
  EXPECT_EQ(error.where().line, 10);
  EXPECT_EQ(error.code(), Code::not_found) << error.what();
}

TEST_F(TablesTest, FrozenTablesAreTakenAsTheyWere) {
  file("data.csv", "id,x\n1,5\n");
  const std::string text = "tables:\n  a: SELECT * FROM here.data\n";
  EXPECT_EQ(failure([&] { tables(text, false, true).stored("a"); }).code(), Code::not_found);
  tables(text).stored("a");
  disk().remove(dir.path() / "data.csv");
  EXPECT_EQ(rows(tables(text, false, true).stored("a")), Rows{"1|5"});
}

TEST_F(TablesTest, ATableThatNeedsFittingIsNotForSql) {
  file("data.csv", "id,x\n1,5\n2,\n");
  const std::string text =
      "tables:\n  a: SELECT * FROM here.data\n  b: SELECT * FROM a\nclean:\n  a:\n"
      "    - impute: {x: mean}\n";
  const Error error = failure([&] { tables(text).stored("b"); });
  EXPECT_NE(error.message().find("must see training rows"), std::string::npos) << error.message();
  EXPECT_EQ(error.where().line, 7);
}

// Whether one of its rules is fitted is all the same: what a prediction is made from is shown as a
// request carries it, all else as the next table sees it.
TEST_F(TablesTest, TablesAreShownByTheirPart) {
  file("data.csv", "id,x\n1,5\n2,-1\n");
  const std::string text =
      "tables:\n  a: SELECT * FROM here.data\n  b: SELECT id, x AS y FROM a\n"
      "  c: SELECT id, x AS z FROM a\n  d: SELECT * FROM here.data\n"
      "clean:\n  a: [range: {x: [0, 10]}]\n  b: [range: {y: [5, 10]}]\n  c: [range: {z: [9, 10]}]\n"
      "  d: [impute: {x: mean}]\n  here.data: [map: {x: {5: 6}}]\n"
      "predict:\n  p: {from: a, target: x}\n  q: {from: b, target: y}\n";
  Tables& all = tables(text);
  EXPECT_EQ(rows(all.shown("a")), (Rows{"1|6", "2|-1"}));
  EXPECT_EQ(rows(all.shown("b")), (Rows{"1|6", "2|~"}));
  EXPECT_EQ(rows(all.shown("c")), (Rows{"1|~", "2|~"}));
  EXPECT_EQ(rows(all.shown("d")), (Rows{"1|6", "2|-1"}));
  EXPECT_EQ(rows(all.shown("here.data")), (Rows{"1|6", "2|-1"}));
  // In one query, whatever comes first.
  for (const char* from : {"a JOIN b USING (id)", "b JOIN a USING (id)"}) {
    Tables& fresh = tables(text);
    const std::string sql = fmt::format("SELECT id, x, y FROM {} ORDER BY id", from);
    EXPECT_EQ(fresh.define_shown(sql).size(), 2u);
    EXPECT_EQ(rows({.relation = "(" + sql + ")"}), (Rows{"1|6|6", "2|-1|~"}));
  }
  Tables& source = tables(
      "clean:\n  here.data: [map: {x: {5: 6}}]\npredict:\n  p: {from: here.data, target: x}\n");
  EXPECT_EQ(rows(source.shown("here.data")), (Rows{"1|5", "2|-1"}));
}

TEST_F(TablesTest, NamesThatAreNotThere) {
  file("data.csv", "id,x\n1,5\n");
  const Error error =
      failure([&] { tables("tables:\n  a: SELECT * FROM here.dta\n").stored("a"); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.where().line, 3);
  EXPECT_EQ(error.hint(), "did you mean \"here.data\"?");
  EXPECT_EQ(failure([&] { tables("").stored("nothing"); }).code(), Code::not_found);
  const Error rules = failure([&] {
    tables("tables:\n  a: SELECT 1 AS id\nclean:\n  aa:\n    - drop: id > 1\n").check_rules();
  });
  EXPECT_EQ(rules.where().line, 5);
  EXPECT_FALSE(rules.hint().empty());
  tables("tables:\n  a: SELECT 1 AS id\nclean:\n  here.data:\n    - drop: id > 1\n").check_rules();
  std::vector<std::string> names = tables("tables:\n  a: SELECT 1 AS id\n").names();
  EXPECT_EQ(names, (std::vector<std::string>{"a", "here.data"}));
}

TEST_F(TablesTest, ErrorsInSqlNameTheTablesLine) {
  file("data.csv", "id,x\n1,5\n");
  const Error error = failure(
      [&] { tables("tables:\n  a: |\n    SELECT id,\n      z FROM here.data\n").stored("a"); });
  EXPECT_EQ(error.where().line, 3);
  EXPECT_NE(error.message().find("(line 2, column 3 of the SQL)"), std::string::npos)
      << error.message();
  EXPECT_EQ(
      failure([&] { tables("tables:\n  a: SELECT $nothing AS b\n").stored("a"); }).where().line, 3);
  EXPECT_EQ(failure([&] { tables("tables:\n  a: SELECT now() AS b\n").stored("a"); }).where().line,
            3);
}

TEST_F(TablesTest, TextsThatAreMissingFollowTheSources) {
  file("data.csv", "id,x\n1,5\n");
  file(std::string(project_file),
       "sources:\n  here: \"*.csv\"\n  own: {files: data.csv, nulls: [-]}\n"
       "tables:\n  a: SELECT * FROM here.data\n  b: SELECT * FROM own.data\n"
       "  c: SELECT a.* FROM a JOIN b USING (id)\n");
  projects.push_back(Project::read(dir.path(), {}));
  executors.emplace_back(workspace, progress, false, "");
  Tables& all = made.emplace_back(projects.back(), executors.back());
  using Texts = std::vector<std::string>;
  EXPECT_EQ(all.null_texts("a"), (Texts{"", "NA"}));
  EXPECT_EQ(all.null_texts("b"), Texts{"-"});
  EXPECT_EQ(all.null_texts("c"), (Texts{"", "-", "NA"}));
  EXPECT_EQ(all.null_texts("own.data"), Texts{"-"});
}

}  // namespace
}  // namespace gristmill
