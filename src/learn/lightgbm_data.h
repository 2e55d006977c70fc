// A fold of a data set as LightGBM's own binned form: about one byte a value.
#pragma once

#include "learn/lightgbm.h"
#include "tensor/dataset.h"

namespace gristmill {

// Columns: the floats of the layout, then its codes. Rows are pushed a chunk at a time: no copy of
// all rows is made. `reference`: bins are taken from it (validate), or null.
LightgbmDataset make_lightgbm_data(const Dataset& data, Fold fold, const std::string& parameters,
                                   void* reference);

}  // namespace gristmill
