// Almost equal tables as one, in SQL, and what differed.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "table/engine.h"

namespace gristmill {

struct UnionQuery {
  std::string sql;
  // Of the columns that are not alike in all tables: [{"name", "type", "missing_in": [table],
  // "types": {table: type}, "written": {table: name}, "maybe": column}], where it applies.
  nlohmann::json columns;
  std::vector<std::string> notes, warnings;  // the same in sentences

  void tell(nlohmann::json& facts) const;  // beside what the facts of the table tell already
};

// `tables`: as they are defined in the engine, "flights" or "ops.flights". `origin`, unless "", is
// a column that says which of them a row is from. Code::invalid where the tables leave in doubt
// which columns are the same (table/union_columns.h).
UnionQuery union_query(Engine& engine, const std::vector<std::string>& tables,
                       const std::string& origin);

}  // namespace gristmill
