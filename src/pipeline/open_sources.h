// The project's sources, opened when first asked for: their tables, and what decides their content.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/executor.h"
#include "pipeline/project.h"

namespace gristmill {

// "ops.flights" → source and table; the source of a table of the project is "".
std::pair<std::string, std::string> split_name(const std::string& name);

class OpenSources {
 public:
  OpenSources(const Project& project, Workspace& workspace, Progress& progress);

  // The tables of all sources, by "source.table".
  const std::map<std::string, SourceTable>& tables();
  // The same, each looked at.
  const std::map<std::string, SourceTable>& looked_at();
  // Of one source, those that cannot be read among them; "source.table".
  std::vector<std::string> names(const std::string& source);
  // Opens its source alone. Throws what is wrong with a table that cannot be read. nullptr when it
  // has no such table; Code::invalid, at `where`, when it has another that SQL takes for the same.
  const SourceTable* find(const std::string& name, const Where& where);

  // What a task that reads the table needs: its content.
  TaskNeed need(const SourceTable& table);
  // SQL over files for a task's key: a moved project is the same project.
  std::string relative(std::string relation) const;

 private:
  void open(const std::string& source);
  // What is to be known before it is read, and told of it.
  void use(SourceTable& table);
  // Code::conflict when a file is not the one that was opened.
  void check_unchanged(const SourceTable& table);
  Digest digest(const SourceTable& table, const std::vector<FileContent>& files);
  std::vector<FileContent> contents(const SourceTable& table);

  const Project& project_;
  Workspace& workspace_;
  Progress& progress_;
  std::map<std::string, SourceTable> tables_;
  std::map<std::string, Error> broken_;   // why they cannot be read
  std::map<fs::path, FileStamp> before_;  // files, when they were opened
  std::set<std::string> opened_, used_;
};

}  // namespace gristmill
