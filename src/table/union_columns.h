// Which columns of almost equal tables are the same one, and the type that holds all its values.
#pragma once

#include <string>
#include <vector>

#include "frame/schema.h"

namespace gristmill {

struct UnionTable {
  std::string name;
  Schema columns;
  std::vector<std::string> sql_types;  // of its columns, as DuckDB names them
  std::vector<bool> empty;             // columns without one value
};

struct UnionColumn {
  std::string name;         // as the first table that has it spells it
  Type type;                // the narrowest that holds the values of all
  std::vector<int> places;  // by table: where it stands there; -1 where it is missing
  std::string near;         // a column that it may be a misspelling of, or ""
};

// In the order in which they are met. Names are the same whatever their case, spaces, dashes,
// underscores and dots. Code::invalid where that leaves two columns of a table for one of another,
// and for a table that shares no column with any other.
std::vector<UnionColumn> match_columns(const std::vector<UnionTable>& tables);

// What names that are the same have in common.
std::string folded_name(const std::string& name);

}  // namespace gristmill
