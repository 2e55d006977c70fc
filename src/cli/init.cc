#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/secrets.h"
#include "cli/open_project.h"
#include "cli/verb.h"
#include "explore/propose.h"

namespace gristmill {
namespace {

std::string source_name(const std::string& given, const std::set<std::string>& taken) {
  const fs::path path =
      given.substr(given.find(':') == std::string::npos ? 0 : given.find(':') + 1);
  std::string stem = path.stem().string();
  if (stem == "*") stem = path.parent_path().filename().string();
  if (const size_t dot = stem.find('.'); dot != std::string::npos) stem.resize(dot);
  std::string name;
  for (const char c : stem)
    name +=
        isalnum(static_cast<unsigned char>(c)) ? char(tolower(static_cast<unsigned char>(c))) : '_';
  if (name.empty() || name.find_first_not_of("_") == std::string::npos) name = "data";
  if (isdigit(static_cast<unsigned char>(name[0]))) name = "data_" + name;
  std::string unique = name;
  for (int n = 2; taken.count(unique) > 0; ++n) unique = fmt::format("{}_{}", name, n);
  return unique;
}

constexpr int deepest = 3;  // folders below that of the project

// Files below `at` that some source can read. Those of one kind that lie together in a folder below
// `data` are one source.
void find_files_below(const fs::path& dir, const fs::path& at, int depth,
                      std::vector<std::string>& found) {
  std::map<std::string, std::vector<std::string>> by_suffix;
  std::vector<fs::path> folders;
  for (const fs::path& path : disk().list(at)) {
    if (path.filename().string().starts_with(".")) continue;
    if (fs::is_directory(path)) folders.push_back(path);
    if (!fs::is_regular_file(path) || kind_by_suffix(path) == nullptr) continue;
    const std::string packed = path.stem().extension().string();  // the .csv of .csv.gz
    by_suffix[packed + path.extension().string()].push_back(fs::relative(path, dir).string());
  }
  const bool is_top = at == dir || at == dir / "data";
  for (const auto& [suffix, files] : by_suffix) {
    if (is_top || files.size() == 1) {
      found.insert(found.end(), files.begin(), files.end());
    } else {
      found.push_back((fs::relative(at, dir) / ("*" + suffix)).string());
    }
  }
  // Folders of other things lie beside `data` in a project that already has one.
  for (const fs::path& folder : folders) {
    if (depth == deepest || (at == dir && disk().exists(dir / "data") && folder != dir / "data"))
      continue;
    find_files_below(dir, folder, depth + 1, found);
  }
}

// What the folder holds, in the order of its names.
std::vector<std::string> files_in(const fs::path& dir) {
  std::vector<std::string> found;
  find_files_below(dir, dir, 0, found);
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<SourceTable> open_source(const Invocation& call, const std::string& name,
                                     const std::string& path, Engine& engine) {
  const SourceSpec spec{.name = name,
                        .given = path,
                        .base = call.dir,
                        .where = {},
                        .downloads = Workspace::downloads(call.dir)};
  return make_source(spec)->open(engine);
}

// What is secret is taken from the environment: the file will be shared.
std::string without_password(const Invocation& call, const std::string& name, std::string path) {
  constexpr std::string_view mark = "***";
  std::string shown = without_secrets(path);
  if (shown == path) return path;
  std::string variable = name + "_password";
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](char c) { return std::isalnum(uint8_t(c)) ? char(std::toupper(c)) : '_'; });
  for (size_t at; (at = shown.find(mark)) != std::string::npos;)
    shown.replace(at, mark.size(), "${" + variable + "}");
  call.progress->note(
      fmt::format("{}: the password is not written down; export {}=…", name, variable));
  return shown;
}

void init(const Invocation& call) {
  const fs::path file = call.dir / project_file;
  if (disk().exists(file)) {
    throw Error(Code::conflict, fmt::format("`{}` is there already", file.string()), {},
                "it is left as it is; remove it, or use -C with another folder");
  }
  std::vector<std::string> given = call.all("FILE");
  const bool looks_around = given.empty();
  if (looks_around) given = files_in(call.dir);
  if (given.empty()) {
    throw Error(Code::not_found,
                fmt::format("`{}` holds no file that can be read", call.dir.string()), {},
                "name files: gristmill init data/*.csv sales.db");
  }
  const ScratchDir scratch;
  Engine engine({.temp_dir = scratch.path()});
  std::vector<ProposedSource> sources;
  std::vector<TableProfile> tables;
  std::set<std::string> taken;
  for (const std::string& path : given) {
    const std::string name = source_name(path, taken);
    call.progress->begin(fmt::format("looking at {}", path), 0, "rows");
    try {
      for (const SourceTable& table : open_source(call, name, path, engine)) {
        if (table.problem) {
          call.progress->note(fmt::format("{}.{} is left out: {}", table.schema, table.name,
                                          table.problem->message()));
          continue;
        }
        tables.push_back(
            profile_table(engine, table.schema + "." + table.name, table.relation, table.columns));
      }
      sources.push_back({name, without_password(call, name, path)});
      taken.insert(name);
    } catch (const Error& error) {
      // One bad file in a folder is no reason to know nothing of the others.
      if (!looks_around || error.code() == Code::interrupted) throw;
      call.progress->note(fmt::format("{} is left out: {}", path, error.what()));
    }
    call.progress->end();
  }
  if (tables.empty()) throw Error(Code::invalid, "there is no table in what was named");
  fs::path folder = fs::absolute(call.dir).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();  // it ends in a slash
  const std::string project = folder.filename().string();
  disk().write_atomic(file,
                      propose_project(project.empty() ? "project" : project, sources, tables));
  fmt::print("wrote {}: {} tables in {} sources\nnext: read it, set `target`, then gristmill run\n",
             file.string(), tables.size(), sources.size());
}

const RegisterVerb registration({
    .name = "init",
    .text = "Write a commented first project file from the data found",
    .options =
        {{.name = "FILE",
          .text = "Files, globs or URLs (sqlite:FILE); what lies in the folder when none is given",
          .many = true}},
    .run = init,
    .position = 1,
});

}  // namespace
}  // namespace gristmill
