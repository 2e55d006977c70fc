// Rows of a query for people and for programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "frame/batch.h"

namespace gristmill {

// The first `limit` rows lined up, nulls as blanks, long cells cut; says how many there are in all
// when `total` ≥ 0.
std::string rows_table(BatchReader& rows, int64_t limit, int64_t total);
// {"columns": [{name, type, nullable}], "rows": [[…], …]}
nlohmann::json rows_json(BatchReader& rows, int64_t limit);

}  // namespace gristmill
