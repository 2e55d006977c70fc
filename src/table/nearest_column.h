// The nearest name for a column that a relation of a query does not have. DuckDB names candidates
// for its own tables alone, not for what a view, a subquery or a WITH stands for.
#pragma once

#include <string>

#include "base/error.h"
#include "table/engine.h"

namespace gristmill {

// `error`, in which `sql` was refused; with the nearest name as hint when it lacks one.
Error with_nearest_column(SqlSession& engine, const std::string& sql, Error error);

}  // namespace gristmill
