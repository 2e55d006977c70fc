// What this machine grants, and where the files beside the program lie.
#pragma once

#include <cstdint>
#include <string>

#include "base/file_system.h"

namespace gristmill {

// Bytes of memory: the machine's, or its control group's limit when that is less.
int64_t memory_allowed();

// `<name>.duckdb_extension`: beside libduckdb (an installed tree), or among the build's
// dependencies. Code::unavailable when it is in neither place.
fs::path extension_file(const std::string& name);

}  // namespace gristmill
