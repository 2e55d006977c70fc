#include <cstdio>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/report.h"
#include "cli/verb.h"
#include "pipeline/run.h"

namespace gristmill {
namespace {

// The bundles are made, and lie aside: the one that is served stays what it was.
void refuse_rejected(const Project& project, const RunOutcome& outcome) {
  for (const auto& [name, prediction] : outcome.predictions) {
    for (const Verdict& verdict : prediction.accept) {
      if (verdict.holds) continue;
      throw Error(Code::invalid, fmt::format("{} is not accepted: {}", name, verdict.text()),
                  project.predict(name).place("accept"),
                  fmt::format("the new bundle is {}; what was accepted before stays",
                              outcome.bundles.at(name)));
    }
  }
}

void run(const Invocation& call) {
  const Project project = refreshed_project(call);
  Workspace workspace(call.dir);
  const RunOutcome outcome =
      run_project(project, workspace,
                  {.names = call.all("NAME"),
                   .frozen = call.has("frozen"),
                   .command = {{"argv", call.argv}, {"params", project.params}}},
                  *call.progress);
  if (call.json) {
    fmt::print("{}\n", outcome.json().dump(2));
  } else {
    fmt::print("{}", without_controls(run_report(outcome)));
  }
  std::fflush(stdout);
  refuse_rejected(project, outcome);
}

const RegisterVerb registration({
    .name = "run",
    .text = "Make the tables, fit the rules, train the models, and pack the best as a bundle",
    .options = {{.name = "NAME",
                 .text = "Predictions to make; all when none is named",
                 .many = true},
                {.name = "--frozen", .text = "Take stored tables as they are; look at no source"},
                refresh_option()},
    .json = true,
    .project = true,
    .run = run,
    .position = 2,
});

void plan(const Invocation& call) {
  const Project project = refreshed_project(call);
  Workspace workspace(call.dir);
  const RunOutcome outcome = run_project(
      project, workspace,
      {.names = call.all("NAME"), .plan_only = true, .frozen = call.has("frozen"), .command = {}},
      *call.progress);
  if (call.json) {
    fmt::print("{}\n", outcome.plan_json().dump(2));
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const TaskStep& step : outcome.steps) {
    rows.push_back({std::string(name_of(step.fate)), step.kind, step.name, step.reason});
  }
  fmt::print("{}", text_table({"fate", "task", "name", "why"}, rows));
}

const RegisterVerb plan_registration({
    .name = "plan",
    .text = "Show what `run` would do, and why, without doing it",
    .options = {{.name = "NAME", .text = "Predictions; all when none is named", .many = true},
                {.name = "--frozen", .text = "As `run --frozen` would"},
                refresh_option()},
    .json = true,
    .project = true,
    .run = plan,
    .position = 3,
});

}  // namespace
}  // namespace gristmill
