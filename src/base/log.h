// What operators read of a server's failures.
#pragma once

#include <string_view>

namespace gristmill {

// One line on standard error: the time (UTC), then `text`.
void log_error(std::string_view text);

}  // namespace gristmill
