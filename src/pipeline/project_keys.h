// What may stand in a project file: the reader, the JSON Schema and the reference follow these.
#pragma once

#include <vector>

#include "base/params.h"

namespace gristmill {

const std::vector<ParamDoc>& project_keys();
const std::vector<ParamDoc>& table_keys();
const std::vector<ParamDoc>& predict_keys();

}  // namespace gristmill
