// `impute` with `auto`: each column is filled in the way that best fills known cells hidden from
// it.
//
// The first pass fits all ways on the training rows with a tenth of their known cells hidden, and
// draws the rows in which they are compared; the second fits the chosen ways on all cells.
#pragma once

#include <memory>
#include <vector>

#include "clean/impute_fit.h"

namespace gristmill {

// Wishes of `with` other than "auto" are filled as they say, in the same rule.
std::unique_ptr<RuleFit> fit_impute_auto(std::vector<ImputeWish> wishes);

}  // namespace gristmill
