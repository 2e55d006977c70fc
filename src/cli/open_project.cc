#include "cli/open_project.h"

#include <algorithm>

#include <fmt/format.h>

namespace gristmill {
namespace {

// Whatever its age, what was read of these sources is not young enough.
void refresh(Project& project, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const SourceSpec& source : project.sources) known.push_back(source.name);
  for (const std::string& name : names) {
    const bool all = name.empty() || name == "true";  // without a value
    if (!all && std::find(known.begin(), known.end(), name) == known.end())
      throw Error(Code::usage, fmt::format("--refresh: there is no source \"{}\"", name), {},
                  did_you_mean(name, known));
    for (SourceSpec& source : project.sources) {
      if ((all || source.name == name) && source.given.is_object()) source.given.erase("max_age");
    }
  }
}

}  // namespace

VerbOption refresh_option() {
  return {.name = "--refresh",
          .value = "SOURCE",
          .text = "Read its tables anew, however young; those of all sources when none is named",
          .many = true,
          .optional = true};
}

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

Project refreshed_project(const Invocation& call) {
  Project project = open_project(call);
  if (call.has("refresh") && call.has("frozen"))
    throw Error(Code::usage, "--refresh reads sources anew, --frozen looks at none");
  refresh(project, call.all("refresh"));
  return project;
}

OpenTables::OpenTables(const Invocation& call)
    : project(open_project(call)),
      workspace(call.dir),
      executor(workspace, *call.progress, false, ""),
      tables(project, executor) {}

void note_rules(const Invocation& call, OpenTables& open, const std::string& table) {
  if (open.project.rules_of(table).empty()) return;
  if (open.tables.shown_before_rules(table)) {
    call.progress->note(table + ": as it is stored, before its rules");
    return;
  }
  const nlohmann::json& facts = open.tables.shown(table).facts;
  const int64_t broken = facts.is_object() ? facts.value("broken", int64_t(0)) : 0;
  call.progress->note(table + ": as its rules leave it" +
                      (broken == 0 ? ""
                                   : fmt::format(", without {} rows that they reject (gristmill "
                                                 "quarantine {})",
                                                 broken, table)));
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
