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

}  // namespace
}  // namespace gristmill
