#include "track/ledger.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {
namespace {

class LedgerTest : public testing::Test {
 protected:
  ScratchDir dir;
  Database database{dir.path() / "test.db"};
  Ledger ledger{database};

  TaskRecord task(const std::string& name, const std::string& input) {
    TaskRecord task;
    task.kind = "table";
    task.name = name;
    task.what = {{"version", 1}, {"sql", "SELECT 1"}};
    task.inputs = {{"file a.csv", Digest::of(input)}};
    task.output = Digest::of("output of " + input);
    task.facts = {{"rows", 3}};
    task.seconds = 0.5;
    return task;
  }
};

TEST_F(LedgerTest, FindsATaskByItsKey) {
  const TaskRecord made = task("flights", "a");
  EXPECT_FALSE(ledger.find(made.key()));
  ledger.record(made);
  const auto found = ledger.find(made.key());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->what, made.what);
  EXPECT_EQ(found->inputs[0].digest, made.inputs[0].digest);
  EXPECT_EQ(found->output, made.output);
  EXPECT_EQ(found->facts["rows"], 3);
}

TEST_F(LedgerTest, KeyFollowsWorkAndInputsButNotTheName) {
  EXPECT_EQ(task("a", "x").key(), task("b", "x").key());
  EXPECT_NE(task("a", "x").key(), task("a", "y").key());
  TaskRecord changed = task("a", "x");
  changed.what["version"] = 2;
  EXPECT_NE(changed.key(), task("a", "x").key());
}

TEST_F(LedgerTest, LatestIsTheLastRecordedOrUsed) {
  ledger.record(task("flights", "a"));
  ledger.record(task("flights", "b"));
  EXPECT_EQ(ledger.latest("table", "flights")->output, Digest::of("output of b"));
  ledger.name("table", "flights", task("", "a").key());
  EXPECT_EQ(ledger.latest("table", "flights")->output, Digest::of("output of a"));
  EXPECT_FALSE(ledger.latest("table", "planes"));
  ledger.name("table", "planes", task("", "a").key());
  EXPECT_EQ(ledger.latest("table", "planes")->output, Digest::of("output of a"));
}

TEST_F(LedgerTest, LatestAfterForgettingIsTheLastOfTheKept) {
  ledger.record(task("flights", "a"));
  ledger.record(task("flights", "b"));
  ledger.forget_tasks_except({task("", "a").key()});
  EXPECT_EQ(ledger.latest("table", "flights")->output, Digest::of("output of a"));
}

TEST_F(LedgerTest, AnOlderFileKnowsItsNames) {
  {
    Database old(dir.path() / "old.db");
    Ledger made(old);
    made.record(task("flights", "b"));
    made.record(task("flights", "a"));
    old.execute(
        "DROP TABLE names; CREATE INDEX tasks_by_name ON tasks (kind, name, created);"
        "PRAGMA user_version = 1");
  }
  Database again(dir.path() / "old.db");
  EXPECT_EQ(Ledger(again).latest("table", "flights")->output, Digest::of("output of a"));
}

TEST_F(LedgerTest, TellsWhatDiffers) {
  TaskRecord before = task("flights", "a"), after = task("flights", "b");
  after.what["key"] = "id";
  EXPECT_EQ(differences(before, after), (std::vector<std::string>{"key", "file a.csv"}));
  EXPECT_TRUE(differences(before, before).empty());
  before.inputs = {
      {"data", Digest::of("1")}, {"data", Digest::of("2")}, {"model", Digest::of("3")}};
  after = before;
  after.inputs[2].digest = Digest::of("4");
  EXPECT_EQ(differences(before, after), std::vector<std::string>{"model"});
}

TEST_F(LedgerTest, RunsKeepTheirSteps) {
  const std::string id = ledger.begin_run({{"argv", {"run"}}});
  const TaskRecord made = task("flights", "a");
  ledger.record(made);
  ledger.add_step(id, made.key(), false);
  ledger.add_step(id, made.key(), true);
  ledger.end_run(id, "done", {{"ok", true}});
  const RunRecord run = ledger.run("last");
  EXPECT_EQ(run.id, id);
  EXPECT_EQ(run.status, "done");
  ASSERT_EQ(run.steps.size(), 2u);
  EXPECT_TRUE(run.steps[1].reused);
  EXPECT_EQ(ledger.run(id.substr(0, 6)).id, id);
  EXPECT_THROW(ledger.run("nonsense"), Error);
  EXPECT_FALSE(ledger.find_run("nonsense"));
  EXPECT_FALSE(ledger.find_run(""));
  EXPECT_FALSE(ledger.find_run("%"));
}

TEST_F(LedgerTest, ARunThatNeverEndedWasKilled) {
  const std::string first = ledger.begin_run({}), second = ledger.begin_run({});
  EXPECT_EQ(ledger.run(first).status, "killed");
  EXPECT_EQ(ledger.run(second).status, "running");
}

TEST_F(LedgerTest, RunsOfOneSecondAreToldApart) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(ledger.begin_run({}));
  for (const std::string& id : ids) EXPECT_EQ(ledger.run(id).id, id);
  EXPECT_EQ(ledger.run("last").id, ids[2]);
  EXPECT_THROW(ledger.find_run(ids[0].substr(0, 4)), Error);
}

TEST_F(LedgerTest, ForgetsAllTasksButTheKept) {
  ledger.record(task("a", "a"));
  ledger.record(task("b", "b"));
  EXPECT_EQ(ledger.forget_tasks_except({task("a", "a").key()}), 1);
  EXPECT_TRUE(ledger.find(task("a", "a").key()));
  EXPECT_FALSE(ledger.find(task("b", "b").key()));
}

TEST_F(LedgerTest, OutlivesTheProcess) {
  ledger.record(task("flights", "a"));
  ledger.set_ref("bundle/late", Digest::of("x"));
  Database again(dir.path() / "test.db");
  Ledger reopened(again);
  EXPECT_TRUE(reopened.find(task("flights", "a").key()));
  EXPECT_EQ(reopened.refs(), (std::map<std::string, Digest>{{"bundle/late", Digest::of("x")}}));
}

}  // namespace
}  // namespace gristmill
