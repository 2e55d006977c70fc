// How good a model is on one fold of a data set.
#pragma once

#include <map>
#include <string>

#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

// All metrics for the data set's problem, by name. Predicts a few rows at a time; holds the
// predictions of all. `threads` 0: all cores.
std::map<std::string, double> evaluate(const Model& model, const Dataset& data, Fold fold,
                                       int threads);

}  // namespace gristmill
