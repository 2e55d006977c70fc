// Boosted trees, predicted by our own code, equal to LightGBM's raw scores to 1e-6.
#pragma once

#include "model/model.h"

namespace gristmill {

// Reads LightGBM's text model (format v4: numerical and categorical splits, missing None/Zero/NaN,
// objectives regression*, binary, multiclass). Feature numbers count the floats of the layout, then
// its codes. Code::corrupt names an unsupported part.
std::unique_ptr<Model> read_lightgbm(std::string_view text, const FeatureLayout& layout);

}  // namespace gristmill
