// LightGBM's text model, format v4.
#pragma once

#include <string_view>

#include "model/foreign_trees.h"

namespace gristmill {

// Whether it begins as one.
bool is_lightgbm(std::string_view text);

// Refuses what a Forest cannot hold (linear leaves, other objectives) and whatever is malformed but
// for the children of nodes, which place_trees() checks: Code::corrupt.
ForeignTrees parse_lightgbm(std::string_view text);

// The same over a layout whose floats, then codes, are its features as they are. Checked.
Forest parse_lightgbm(std::string_view text, const FeatureLayout& layout);

}  // namespace gristmill
