#include "cli/open_project.h"

#include <algorithm>

#include <fmt/format.h>

namespace gristmill {

Project open_project(const Invocation& call) {
  std::map<std::string, std::string> overrides;
  for (const std::string& given : call.all("param")) {
    const size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Code::usage, fmt::format("-p takes NAME=VALUE, not \"{}\"", given));
    }
    overrides[given.substr(0, equals)] = given.substr(equals + 1);
  }
  return Project::read(call.dir, overrides, call.value("env"));
}

OpenTables::OpenTables(const Invocation& call)
    : project(open_project(call)),
      workspace(call.dir),
      executor(workspace, *call.progress, false, ""),
      tables(project, executor) {}

void note_rules(const Invocation& call, const OpenTables& open, const std::string& table) {
  if (open.project.rules_of(table).empty()) return;
  const bool before = open.tables.shown_before_rules(table);
  call.progress->note(table +
                      (before ? ": as it is stored, before its rules" : ": as its rules leave it"));
}

int64_t count_rows(Engine& engine, const std::string& relation) {
  return std::stoll(engine.rows("SELECT count(*) FROM " + relation).at(0).at(0));
}

fs::path find_bundle(const Invocation& call, const std::string& given) {
  if (disk().exists(given)) return given;
  const fs::path named = Workspace::bundle_path(call.dir, given);
  if (given.find('/') == std::string::npos && disk().exists(named)) return named;
  std::vector<std::string> known;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(named.parent_path(), unreadable)) {
    if (entry.path().extension() == ".bundle") known.push_back(entry.path().stem());
  }
  std::sort(known.begin(), known.end());
  std::string hint = did_you_mean(given, known);
  if (hint.empty())
    hint = "give a bundle's path, or the name of a prediction that `gristmill run` has made";
  throw Error(Code::not_found, fmt::format("there is no bundle `{}`", given), {}, hint);
}

}  // namespace gristmill
