// The report that `gristmill run` ends with.
#pragma once

#include <string>

#include "pipeline/run.h"

namespace gristmill {

std::string run_report(const RunOutcome& outcome);

}  // namespace gristmill
