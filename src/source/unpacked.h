// The bytes of a file, unpacked when its name ends in .gz.
#pragma once

#include "base/file_system.h"
#include "frame/readers.h"

namespace gristmill {

// Streams. Code::invalid for a file that is not gzip though its name says so, damaged or cut short.
ReadBytes read_unpacked(const fs::path& file);

}  // namespace gristmill
