// The rows that the project's last results rejected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/project.h"
#include "pipeline/workspace.h"

namespace gristmill {

struct Quarantined {
  std::string table;
  std::string prediction;      // whose training rejected them; "": the table's own rules did
  nlohmann::json facts;        // Quarantine::facts
  std::optional<Digest> rows;  // Parquet, as Quarantine::write says; absent when there is none
};

// Of each table with rules, and each prediction, that was made or reused last; of `table` alone
// when it is not "". Code::not_found when nothing of it was made yet.
std::vector<Quarantined> find_quarantined(const Project& project, Workspace& workspace,
                                          const std::string& table);

}  // namespace gristmill
