// Features that an answer may only rise, or only fall, with.
#pragma once

#include <vector>

#include "base/params.h"
#include "tensor/dataset.h"

namespace gristmill {

ParamDoc monotone_param();
// Code::invalid unless each column is `increasing` or `decreasing`, and the loss allows it.
void check_monotone(const Params& params);
// Of each feature, floats then codes: 1 rising, −1 falling, 0 either; empty where none is asked
// for. Code::invalid for a column that is no feature, or is not one number.
std::vector<int> monotone_directions(const nlohmann::json& monotone, const DatasetInfo& info);

}  // namespace gristmill
