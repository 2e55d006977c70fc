// XGBoost's JSON model, as Booster.save_model("model.json") of XGBoost 2 and 3 writes it.
#pragma once

#include <string_view>

#include "model/foreign_trees.h"

namespace gristmill {

// Its trees decide each float32 as XGBoost does, and float sums of the leaves are its margins, to
// the bit. Refuses what a Forest cannot hold (gblinear, several targets, other objectives) and
// whatever is malformed: Code::corrupt.
ForeignTrees parse_xgboost(std::string_view text);

}  // namespace gristmill
