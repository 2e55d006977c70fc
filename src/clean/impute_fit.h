// How `impute` learns what to fill with: apart from how it is written in a project.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clean/impute.h"

namespace gristmill {

// What one column is to be filled with.
struct ImputeWish {
  Filling filling;        // `fill` is set for a constant
  std::string with;       // "mean", "median", "mode", "constant" or "forward"
  std::vector<Field> by;  // columns that tell groups apart, each of which has its own
  Field time;             // forward: what orders rows
};

std::unique_ptr<RuleFit> fit_impute(std::vector<ImputeWish> wishes);

}  // namespace gristmill
