// What a report tells of a trained model beyond what its run recorded: found when it is asked for,
// so that no run waits for it.
#pragma once

#include <nlohmann/json.hpp>

#include "bundle/bundle.h"
#include "pipeline/workspace.h"

namespace gristmill {

// {"importance": [{"column", "loss", "spread"}] by permutation on the validate rows, "dependence":
// [{"column", "points"}] of the columns that matter most, "notes": [text]}. What rests on a data
// set or a table that the store holds no more is left out, and a note says so.
nlohmann::json model_facts(std::shared_ptr<const Bundle> bundle, Workspace& workspace);

}  // namespace gristmill
