// One tree of XGBoost's JSON model.
#pragma once

#include <nlohmann/json.hpp>

#include "model/foreign_trees.h"

namespace gristmill {

// Numbers in its range. Code::corrupt, naming the member `key`.
int32_t json_integer(const nlohmann::json& value, const char* key);  // booleans are 0 and 1
float json_float(const nlohmann::json& value, const char* key);      // null is NaN

// A tree of one leaf.
void add_constant(float value, ForeignTrees& model);
// Its leaves times `weight`. Code::corrupt; nlohmann::json::exception where a member is absent or
// of another form.
void add_xgboost_tree(const nlohmann::json& tree, float weight, ForeignTrees& model);

}  // namespace gristmill
