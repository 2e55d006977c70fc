// What tasks keep in the store: data sets, how they were encoded, models.
#pragma once

#include <memory>

#include "base/state.h"
#include "model/model.h"
#include "store/store.h"
#include "tensor/dataset.h"

namespace gristmill {

// `manifest`: of a data set.
std::shared_ptr<Dataset> stored_dataset(const Store& store, const Digest& manifest);
// fitted_state() of it.
State stored_fit(const Store& store, const Digest& manifest);
std::unique_ptr<Model> stored_model(const Store& store, const Digest& blob,
                                    const FeatureLayout& layout);

}  // namespace gristmill
