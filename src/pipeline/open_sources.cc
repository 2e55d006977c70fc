#include "pipeline/open_sources.h"

#include <fmt/format.h>

#include "base/text.h"
#include "source/files.h"

namespace gristmill {
std::pair<std::string, std::string> split_name(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

OpenSources::OpenSources(const Project& project, Workspace& workspace, Progress& progress)
    : project_(project), workspace_(workspace), progress_(progress) {}

void OpenSources::open(const std::string& source) {
  if (opened_.count(source) > 0) return;
  for (const SourceSpec& spec : project_.sources) {
    if (spec.name != source) continue;
    if (spec.problem) throw *spec.problem;
    SourceSpec remembering = spec;
    remembering.digests = &workspace_.file_digests();
    remembering.downloads = Workspace::downloads(project_.dir);
    progress_.begin(fmt::format("source {}", source), 0, "tables");
    try {
      // A database that was attached shows what it was then, whatever lies in its place later.
      SourceFiles files = find_files(remembering);
      for (const fs::path& file : files.files) before_.emplace(file, stamp_of(file));
      const auto opened = make_source(remembering, std::move(files));
      for (SourceTable& table : opened->open(workspace_.engine())) {
        progress_.advance(1);
        if (table.problem) {
          progress_.note(fmt::format("{}.{} is left out: {}", table.schema, table.name,
                                     table.problem->message()));
          broken_.emplace(table.schema + "." + table.name, *table.problem);
          continue;
        }
        workspace_.engine().define(table.schema, table.name, table.relation);
        std::string name = table.schema + "." + table.name;
        tables_.emplace(std::move(name), std::move(table));
      }
    } catch (const Error& error) {
      throw error.at(spec.where);
    }
    progress_.end();
  }
  opened_.insert(source);
}

const std::map<std::string, SourceTable>& OpenSources::tables() {
  for (const SourceSpec& spec : project_.sources) open(spec.name);
  return tables_;
}

std::vector<std::string> OpenSources::names(const std::string& source) {
  open(source);
  std::set<std::string> names;
  const auto add = [&](const auto& tables) {
    for (const auto& [name, unused] : tables) {
      if (split_name(name).first == source) names.insert(name);
    }
  };
  add(tables_);
  add(broken_);
  return {names.begin(), names.end()};
}

const SourceTable* OpenSources::find(const std::string& name, const Where& where) {
  open(split_name(name).first);
  if (auto broken = broken_.find(name); broken != broken_.end()) throw broken->second;
  auto found = tables_.find(name);
  if (found == tables_.end()) return nullptr;
  for (const auto& [other, unused] : tables_) {
    if (other == name || lower(other) != lower(name)) continue;
    throw Error(Code::invalid, fmt::format("`{}` and `{}` differ only in case", name, other), where,
                "rename one of them, or read it through a view of another name");
  }
  use(found->second);
  return &found->second;
}

const std::map<std::string, SourceTable>& OpenSources::looked_at() {
  tables();
  for (auto& [unused, table] : tables_) use(table);
  return tables_;
}

void OpenSources::use(SourceTable& table) {
  if (!used_.insert(table.schema + "." + table.name).second) return;
  if (table.look) {
    table.look(workspace_.engine(), table);
    workspace_.engine().define(table.schema, table.name, table.relation);
  }
  for (const std::string& note : table.notes)
    progress_.note(fmt::format("{}.{}: {}", table.schema, table.name, note));
}

void OpenSources::check_unchanged(const SourceTable& table) {
  for (const fs::path& file : table.files) {
    const auto before = before_.find(file);
    if (before == before_.end() || before->second == stamp_of(file)) continue;
    throw Error(Code::conflict, "the file changed after it was opened", {.file = file.string()},
                "wait until its writer is done, then run again");
  }
}

TaskNeed OpenSources::need(const SourceTable& table) {
  check_unchanged(table);
  std::vector<FileContent> files = contents(table);
  const Digest content = digest(table, files);
  return {.name = fmt::format("table {}.{}", table.schema, table.name),
          .digest = content,
          .now = [this, &table] { return digest(table, contents(table)); },
          .files = std::move(files),
          .reread = !table.server.empty()};
}

// Paths as the project file could give them, so that a moved project is the same one.
std::vector<FileContent> OpenSources::contents(const SourceTable& table) {
  const fs::path here = fs::absolute(project_.dir).lexically_normal();
  std::vector<FileContent> files;
  for (const fs::path& file : table.files) {
    const std::string inside = file.lexically_relative(here).string();
    const bool outside = inside.empty() || inside.starts_with("..");
    files.push_back({outside ? file.string() : inside, workspace_.file_digests().digest(file)});
  }
  return files;
}

Digest OpenSources::digest(const SourceTable& table, const std::vector<FileContent>& files) {
  Hasher hasher;
  hasher.update(relative(table.relation));
  hasher.update(table.columns.json().dump());
  if (!table.server.empty()) {
    // Nothing tells whether it changed but to read it again.
    const int64_t read = workspace_.source_reads().instant(table.server, table.max_age);
    hasher.update(table.server);
    hasher.update(&read, sizeof(read));
  }
  for (const FileContent& file : files) hasher.update(file.digest.hex());
  return hasher.finish();
}

std::string OpenSources::relative(std::string relation) const {
  const std::string here = fs::absolute(project_.dir).lexically_normal().string();
  const std::string prefix = here.ends_with('/') ? here : here + "/";
  for (const std::string& form : {prefix, project_.dir.string() + "/"}) {
    for (const std::string opener :
         {"'", "\"file ", "'file "}) {  // a file's name, or a catalog named by one
      for (size_t at = 0; (at = relation.find(opener + form, at)) != std::string::npos; ++at) {
        relation.erase(at + opener.size(), form.size());
      }
    }
  }
  return relation;
}

}  // namespace gristmill
