// What the checks of a table measure of one version of it.
#pragma once

#include "pipeline/check_subject.h"

namespace gristmill {

// One pass over the rows (a second one where keys repeat), by chunks side by side; what asks SQL
// gets the rows as a table, which spills. The output is {"table": digest, "rows", "checks":
// [{"name", "measured"}]}, in the order of `subject.expected`.
Executor::Made measure_checks(const CheckSubject& subject, Tables& tables, Executor& executor);

}  // namespace gristmill
