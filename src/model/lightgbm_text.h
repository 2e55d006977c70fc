// LightGBM's text model, format v4, read into a Forest.
#pragma once

#include <string_view>

#include "model/forest.h"

namespace gristmill {

// Refuses what a Forest cannot hold (linear leaves, averaged output, other objectives) and whatever
// is malformed: Code::corrupt. The result is checked against the layout.
Forest parse_lightgbm(std::string_view text, const FeatureLayout& layout);

}  // namespace gristmill
