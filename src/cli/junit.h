// Checks as JUnit's XML, which CI servers read.
#pragma once

#include <string>

#include "pipeline/check_project.h"

namespace gristmill {

// A suite a table, a case a check; a warning passes and is told in its output. The dialect is that
// of pytest and Jenkins (junit-10.xsd). What XML 1.0 cannot hold becomes U+FFFD.
std::string junit_xml(const CheckReport& report);

}  // namespace gristmill
