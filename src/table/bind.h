// An expression's text → a typed tree: DuckDB parses and binds it, this translates its plan.
#pragma once

#include <functional>
#include <string>

#include "expr/expr.h"

namespace gristmill {

// Runs one query that yields one row with one text cell, and returns that cell. The session's time
// zone must be UTC: timestamps without an offset are taken so.
using AskText = std::function<std::string(const std::string& sql)>;

// `text` over rows of `schema`. Columns are found by their exact name, or else without regard to
// case. Nothing is created in the session. Errors name the culprit and, where DuckDB knows it, the
// character of `text` (counted from 1) in the message:
//   Code::not_found  a column that is not there (hint: the nearest)
//   Code::invalid    wrong syntax or types; several expressions; subqueries, aggregates, window
//                    functions, parameters, `*`; functions and types beyond the closed list;
//                    functions whose answer changes from run to run; a constant that cannot be cast
Expr bind_expression(const AskText& ask, const std::string& text, const Schema& schema);

}  // namespace gristmill
