// The bytes of a file, unpacked when its name ends in .gz or .zst.
#pragma once

#include <memory>
#include <utility>

#include "base/file_system.h"
#include "frame/readers.h"

namespace gristmill {

// An object with read(to, size), made from `args` and owned by what reads it.
template <class Bytes, class... Args>
ReadBytes reader_of(Args&&... args) {
  return [bytes = std::make_shared<Bytes>(std::forward<Args>(args)...)](char* to, size_t size) {
    return bytes->read(to, size);
  };
}

bool is_packed(const fs::path& file);  // by its name

// Streams. Code::invalid for a file that is not packed though its name says so, damaged or cut
// short.
ReadBytes read_unpacked(const fs::path& file);

}  // namespace gristmill
