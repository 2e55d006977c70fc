#include "pipeline/executor.h"

#include <gtest/gtest.h>

namespace gristmill {
namespace {

class ExecutorTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;
  Executor executor{workspace, progress, false, ""};
  Digest input = Digest::of("before");
  int worked = 0;

  TaskResult make(const std::string& name, const std::function<void()>& meanwhile = [] {}) {
    const TaskNeed need{"file a.csv", input, [this] { return input; }};
    return executor.task("table", name, {{"sql", "SELECT 1"}}, {need}, [&]() -> Executor::Made {
      ++worked;
      meanwhile();
      return {workspace.store().put("rows", "text/plain").digest, {{"rows", 1}}};
    });
  }
};

TEST_F(ExecutorTest, TheSameWorkIsDoneOnceUnderAnyName) {
  const TaskResult first = make("flights"), again = make("planes");
  EXPECT_EQ(worked, 1);
  EXPECT_EQ(*first.output, *again.output);
  EXPECT_EQ(count_fates(executor.steps(), TaskStep::Fate::ran), 1);
  EXPECT_EQ(count_fates(executor.steps(), TaskStep::Fate::reused), 1);
  EXPECT_EQ(workspace.ledger().latest("table", "planes")->output, *first.output);
}

TEST_F(ExecutorTest, WhatReadAChangingInputIsNotRecorded) {
  try {
    make("flights", [this] { input = Digest::of("after"); });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::conflict);
    EXPECT_NE(error.message().find("file a.csv changed"), std::string::npos) << error.message();
  }
  EXPECT_FALSE(workspace.ledger().latest("table", "flights"));
  make("flights");
  EXPECT_EQ(worked, 2);
}

TEST_F(ExecutorTest, AReaderFailsByWhatChangedUnderIt) {
  const auto fails = [&]() -> Executor::Made { throw Error(Code::invalid, "odd bytes"); };
  const auto code = [&](const Digest& now) {
    Executor run(workspace, progress, false, "");
    try {
      run.task("table", "t", nlohmann::json::object(), {{"file a", input, [&] { return now; }}},
               fails);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  EXPECT_EQ(code(input), Code::invalid);
  EXPECT_EQ(code(Digest::of("other")), Code::conflict);
}

TEST_F(ExecutorTest, NeedsAreCheckedBeforeTheyAreRead) {
  Executor run(workspace, progress, false, "");
  TaskNeed need{"table t", input, {}};
  need.whole = [] { throw Error(Code::corrupt, "a flipped bit"); };
  int worked = 0;
  const auto work = [&]() -> Executor::Made {
    ++worked;
    return {workspace.store().put("x", "text/plain").digest, {}};
  };
  EXPECT_THROW(run.task("model", "m", nlohmann::json::object(), {need}, work), Error);
  EXPECT_EQ(worked, 0);
}

TEST_F(ExecutorTest, APlanMakesNothingAndNamesNothing) {
  make("flights");
  Executor plan(workspace, progress, true, "");
  const auto never = [&]() -> Executor::Made { throw Error(Code::internal, "it ran"); };
  const std::vector<TaskNeed> needs = {{"file a.csv", input, {}}};
  EXPECT_TRUE(plan.task("table", "planes", {{"sql", "SELECT 1"}}, needs, never).output);
  EXPECT_FALSE(workspace.ledger().latest("table", "planes"));
  EXPECT_FALSE(plan.task("table", "flights", {{"sql", "SELECT 2"}}, needs, never).output);
  EXPECT_FALSE(
      plan.task("model", "late", nlohmann::json::object(), {{"table t", {}, {}}}, never).output);
  ASSERT_EQ(plan.steps().size(), 3u);
  EXPECT_EQ(plan.steps()[0].fate, TaskStep::Fate::reused);
  EXPECT_EQ(plan.steps()[1].fate, TaskStep::Fate::would_run);
  EXPECT_EQ(plan.steps()[1].reason, "sql changed");
  EXPECT_EQ(plan.steps()[2].fate, TaskStep::Fate::may_run);
}

TEST_F(ExecutorTest, SaysWhyATaskRuns) {
  int made = 0;
  auto run = [&](const nlohmann::json& what, const std::vector<TaskNeed>& needs) {
    Executor now(workspace, progress, false, "");
    const Digest output =
        *now.task("table", "flights", what, needs,
                  [&]() -> Executor::Made {
                    return {workspace.store().put(std::to_string(++made), "text/plain").digest, {}};
                  })
             .output;
    EXPECT_EQ(now.steps().size(), 1u);
    return std::pair(now.steps()[0].reason, output);
  };
  const Digest a = Digest::of("a"), b = Digest::of("b"), c = Digest::of("c");
  EXPECT_EQ(run({{"sql", 1}, {"key", "x"}}, {{"file a", a, {}}}).first, "never run");
  EXPECT_EQ(run({{"sql", 1}, {"key", "x"}}, {{"file a", a, {}}}).first, "");
  EXPECT_EQ(run({{"sql", 2}, {"key", "x"}}, {{"file a", a, {}}}).first, "sql changed");
  EXPECT_EQ(run({{"sql", 2}, {"key", "x"}}, {{"file a", b, {}}}).first, "file a changed");
  EXPECT_EQ(run({{"sql", 3}, {"key", "y"}}, {{"file a", b, {}}, {"file c", c, {}}}).first,
            "key, sql, file c changed");
  // Back to what was: its result is still there. Then it is what the next one is compared with.
  EXPECT_EQ(run({{"sql", 2}, {"key", "x"}}, {{"file a", a, {}}}).first, "");
  const auto [reason, output] = run({{"sql", 2}, {"key", "z"}}, {{"file a", a, {}}});
  EXPECT_EQ(reason, "key changed");
  fs::remove(workspace.store().path_of(output));
  EXPECT_EQ(run({{"sql", 2}, {"key", "z"}}, {{"file a", a, {}}}).first,
            "its result is no longer there, or damaged");
}

TEST_F(ExecutorTest, WhatFailsIsNotRecordedAndRunsAgain) {
  const auto fails = [] { throw Error(Code::invalid, "no"); };
  EXPECT_THROW(make("flights", fails), Error);
  EXPECT_FALSE(workspace.ledger().latest("table", "flights"));
  EXPECT_TRUE(executor.steps().empty());
  make("flights");
  EXPECT_EQ(worked, 2);
}

TEST_F(ExecutorTest, ARunKeepsItsSteps) {
  const std::string run = workspace.ledger().begin_run({});
  for (int round = 0; round < 2; ++round) {
    Executor now(workspace, progress, false, run);
    now.task("table", "flights", {{"sql", round / 2}}, {}, [&]() -> Executor::Made {
      return {workspace.store().put("rows", "text/plain").digest, {}};
    });
  }
  const RunRecord record = workspace.ledger().run(run);
  ASSERT_EQ(record.steps.size(), 2u);
  EXPECT_EQ(record.steps[0].task, record.steps[1].task);
  EXPECT_FALSE(record.steps[0].reused);
  EXPECT_TRUE(record.steps[1].reused);
}

// What a run says of a task is the same whether it ran or was found again.
TEST_F(ExecutorTest, FilesAreRecordedBesideTheFacts) {
  const Digest content = Digest::of("a,b\n");
  const std::vector<TaskNeed> needs = {
      {"table here.a", Digest::of("a"), {}, {{"data/a.csv", content}}}, {"table t", content, {}}};
  for (int i = 0; i < 2; ++i) {
    Executor executor(workspace, progress, false, "");
    const TaskResult result =
        executor.task("table", "x", {{"sql", 1}}, needs, [&]() -> Executor::Made {
          return {workspace.store().put("rows", "text/plain").digest, {{"rows", 3}}};
        });
    EXPECT_EQ(result.facts, (nlohmann::json{{"rows", 3}}));
  }
  const TaskRecord task = *workspace.ledger().latest("table", "x");
  EXPECT_EQ(files_of(task, "table here.a"),
            (nlohmann::json{{{"path", "data/a.csv"}, {"digest", content.hex()}}}));
  EXPECT_TRUE(files_of(task, "table t").empty());
  EXPECT_TRUE(files_of(TaskRecord{}, "table t").empty());
}

}  // namespace
}  // namespace gristmill
