// The version of this Gristmill; CMakeLists.txt reads it from here.
#pragma once

namespace gristmill {

inline constexpr const char* version = "0.1.0";

}  // namespace gristmill
