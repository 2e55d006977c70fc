// Decision trees, predicted by our own code.
#pragma once

#include "model/forest.h"
#include "model/model.h"

namespace gristmill {

// Of a checked forest.
std::unique_ptr<Model> make_trees(Forest forest, const FeatureLayout& layout);

// LightGBM's text model (lightgbm_text.h) over a layout whose floats, then codes, are its features;
// equal to its raw scores to 1e-6. Code::corrupt names an unsupported part.
std::unique_ptr<Model> read_lightgbm(std::string_view text, const FeatureLayout& layout);

}  // namespace gristmill
