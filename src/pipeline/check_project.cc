#include "pipeline/check_project.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/recorded_run.h"

namespace gristmill {
namespace {

std::vector<std::string> chosen(const Project& project, const std::vector<std::string>& named) {
  std::vector<std::string> all;
  for (const auto& [table, rules] : project.clean) {
    if (has_checks(rules)) all.push_back(table);
  }
  if (all.empty())
    throw Error(Code::invalid, "the project expects nothing of its tables",
                {.file = std::string(project_file)},
                "for example, under `clean:`, by table: `- expect: {unique: [id]}`");
  for (const std::string& name : named) {
    if (std::find(all.begin(), all.end(), name) == all.end())
      throw Error(Code::usage, fmt::format("nothing is expected of a table \"{}\"", name), {},
                  did_you_mean(name, all));
  }
  return named.empty() ? all : named;
}

}  // namespace

int CheckReport::count(std::string_view status) const {
  int count = 0;
  for (const CheckedTable& table : tables)
    count += status == "error" ? table.error.has_value() : table.count(status);
  return count;
}

nlohmann::json CheckReport::json() const {
  nlohmann::json counts;
  for (const char* status : {"passed", "warned", "failed", "error"}) counts[status] = count(status);
  nlohmann::json list = nlohmann::json::array();
  for (const CheckedTable& table : tables) list.push_back(table.json());
  return {{"run", run}, {"passed", passed()}, {"counts", counts}, {"checks", list}};
}

CheckReport check_project(const Project& project, Workspace& workspace, const CheckRequest& request,
                          Progress& progress) {
  const std::vector<std::string> tables = chosen(project, request.tables);
  CheckReport report;
  record_run(workspace, progress, request.command, [&](Executor& executor, const std::string& run) {
    report.run = run;
    Tables made(project, executor, request.frozen);
    Checker checker(project, made, executor);
    checker.check_all(tables);
    report.tables = checker.results();
    return RunEnd{report.passed() ? "done" : "failed", report.json()};
  });
  return report;
}

}  // namespace gristmill
