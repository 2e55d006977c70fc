// What a table holds, column by column, as far as one scan tells.
#pragma once

#include <string>
#include <vector>

#include "table/engine.h"

namespace gristmill {

struct ColumnProfile {
  Field field;
  int64_t nulls = 0;
  int64_t distinct = 0;  // exact when few, else estimated: as DistinctCount says
  std::string least, greatest;
  // Text only: how many non-null values are not numbers, and which (the most frequent first, at
  // most 5).
  int64_t not_numbers = 0;
  std::vector<std::string> odd_values;
  bool keyword = false;  // SQL takes the name for a word of its own unless it is quoted
};

struct TableProfile {
  std::string name;
  int64_t rows = 0;
  std::vector<ColumnProfile> columns;
};

// Two scans, and a third one over text columns that are nearly all numbers.
TableProfile profile_table(Engine& engine, const std::string& name, const std::string& relation,
                           const Schema& schema);

}  // namespace gristmill
