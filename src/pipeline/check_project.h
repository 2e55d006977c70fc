// What `gristmill check` does, without a word printed.
#pragma once

#include <string>
#include <vector>

#include "pipeline/checker.h"

namespace gristmill {

struct CheckRequest {
  std::vector<std::string> tables;  // empty: all of which something is expected
  bool frozen = false;              // stored tables as they last were
  nlohmann::json command;           // recorded with the run
};

struct CheckReport {
  std::string run;  // id
  std::vector<CheckedTable> tables;

  // Over all tables; "error": tables that could not be checked.
  int count(std::string_view status) const;
  bool passed() const { return count("failed") == 0 && count("error") == 0; }
  nlohmann::json json() const;
};

// Makes the tables and runs all their checks, whatever comes of the first. Code::usage for a table
// of which nothing is expected, Code::invalid where the project expects nothing at all.
CheckReport check_project(const Project& project, Workspace& workspace, const CheckRequest& request,
                          Progress& progress);

}  // namespace gristmill
