// One log for what operators read: to stderr, a line each, through spdlog.
#pragma once

#include <string_view>

namespace gristmill {

enum class LogLevel { debug, info, warning, error };
void log(LogLevel level, std::string_view text);
void set_log_level(LogLevel level);

}  // namespace gristmill
