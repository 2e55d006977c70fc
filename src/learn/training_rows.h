// What every learner asks of its rows before it learns.
#pragma once

#include "tensor/dataset.h"

namespace gristmill {

// Code::invalid when fold `train` is empty, a target is not finite, or one class only is in it.
void check_training_rows(const Dataset& data);

// Outputs of a model for the problem: one a class for three or more, else 1.
int64_t outputs_of(const DatasetInfo& info);

}  // namespace gristmill
