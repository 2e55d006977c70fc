// A first project file from what the tables hold.
#pragma once

#include <string>
#include <vector>

#include "explore/profile.h"

namespace gristmill {

struct ProposedSource {
  std::string name;
  std::string given;  // as it stands in the file: a path, glob or URL
};

// Commented YAML: the sources, what their tables hold, rules for columns that are nearly numbers,
// and a prediction to begin with. It runs as it stands unless no column could be a target.
std::string propose_project(const std::string& project, const std::vector<ProposedSource>& sources,
                            const std::vector<TableProfile>& tables);

}  // namespace gristmill
