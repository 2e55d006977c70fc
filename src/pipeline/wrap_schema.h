// What `gristmill wrap --schema` names: a file that says what a model does not say of itself.
#pragma once

#include "bundle/wrap.h"

namespace gristmill {

// YAML or JSON (.yaml, .yml, .json) with `name`, `classes` and `columns`; or any file of rows that
// a source can read, whose columns are taken with their types. Code::invalid with the place of what
// is wrong in it.
WrapSchema read_wrap_schema(const fs::path& path);

}  // namespace gristmill
