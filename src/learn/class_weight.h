// Classes that count more than others while a model learns.
#pragma once

#include <memory>

#include "base/params.h"
#include "tensor/dataset.h"

namespace gristmill {

ParamDoc class_weight_param();
// Code::invalid unless `class_weight` is absent, `balanced` or weights above 0.
void check_class_weight(const Params& params);
// Code::invalid where it is there, and the problem has no classes.
void check_class_weight_problem(const nlohmann::json& params, Problem problem);

// The data set with each training and validate row's weight times that of its class. `data` itself
// where no class weighs more; it must outlive the result. Holds 8 bytes a row.
std::shared_ptr<const Dataset> with_class_weights(const Dataset& data, const Params& params);

}  // namespace gristmill
