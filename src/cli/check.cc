#include <cstdio>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/junit.h"
#include "cli/open_project.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

std::string table_text(const CheckedTable& table) {
  if (table.error) return fmt::format("{}: not checked: {}\n", table.table, table.error->what());
  std::string out = fmt::format("{}: {} rows\n", table.table, grouped(table.rows));
  for (const CheckOutcome& outcome : table.outcomes) {
    const Finding& finding = outcome.finding;
    out += fmt::format("  {}  {}{}\n", outcome.status(), outcome.name,
                       finding.message.empty() ? "" : ": " + finding.message);
    for (const std::string& example : finding.examples)
      out += fmt::format("            {}\n", example);
  }
  return out;
}

std::string counts_text(const CheckReport& report) {
  std::string out = fmt::format("{} passed", report.count("passed"));
  if (report.count("warned") > 0) out += fmt::format(", {} warned", report.count("warned"));
  if (report.count("failed") > 0) out += fmt::format(", {} failed", report.count("failed"));
  if (report.count("error") > 0) out += fmt::format(", {} not checked", report.count("error"));
  return out;
}

void check(const Invocation& call) {
  const Project project = refreshed_project(call);
  Workspace workspace(call.dir);
  const CheckReport report =
      check_project(project, workspace,
                    {.tables = call.all("TABLE"),
                     .frozen = call.has("frozen"),
                     .command = {{"argv", call.argv}, {"params", project.params}}},
                    *call.progress);
  if (call.has("junit")) disk().write_atomic(call.value("junit"), junit_xml(report));
  if (call.json) {
    fmt::print("{}\n", report.json().dump(2));
  } else {
    for (const CheckedTable& table : report.tables)
      fmt::print("{}", without_controls(table_text(table)));
    fmt::print("{}\n", counts_text(report));
  }
  std::fflush(stdout);
  if (!report.passed())
    throw Error(Code::invalid,
                fmt::format("the tables are not as expected: {}", counts_text(report)));
}

const RegisterVerb registration({
    .name = "check",
    .text = "Run the checks that `expect` names, all of them, and nothing else",
    .options = {{.name = "TABLE",
                 .text = "Tables to check; all of which something is expected when none is named",
                 .many = true},
                {.name = "--frozen", .text = "Take stored tables as they are; look at no source"},
                refresh_option(),
                {.name = "--junit",
                 .value = "FILE",
                 .text = "Write the outcome as JUnit XML, which CI servers read"}},
    .json = true,
    .project = true,
    .run = check,
    .position = 4,
});

}  // namespace
}  // namespace gristmill
