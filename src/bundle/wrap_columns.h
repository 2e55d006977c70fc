// The columns of a model made elsewhere: what it says of its features and what a schema adds,
// brought together.
#pragma once

#include "bundle/wrap.h"

namespace gristmill {

// A feature as the bundle has it.
struct WrappedColumn {
  Field field;
  bool category = false;
  std::vector<std::string> levels;     // as feature/level_column.h has them, by code
  nlohmann::json choices;              // the levels of text; null: none
  std::vector<int32_t> level_numbers;  // the category that each level is in the trees; rising
};

// One for each feature. Adds the columns that are none to `ignored`.
std::vector<WrappedColumn> wrapped_columns(const ForeignTrees& model, const WrapSchema& schema,
                                           std::vector<std::string>& ignored,
                                           std::vector<std::string>& notes);

}  // namespace gristmill
