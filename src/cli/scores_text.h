// The models of a prediction and how the best of them answers, for people.
#pragma once

#include <string>

#include "pipeline/recipe.h"

namespace gristmill {

// Lines indented by two spaces.
std::string scores_text(const PredictOutcome& prediction);

}  // namespace gristmill
