#include "base/log.h"

#include <unistd.h>

#include <ctime>
#include <string>

namespace gristmill {

void log_error(std::string_view text) {
  std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char time[32];
  size_t size = std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &utc);
  std::string line(time, size);
  line += " error ";
  for (char c : text) line += c == '\n' ? ' ' : c;
  line += '\n';
  // In one call: threads must not mix their lines. A full pipe is no reason to fail.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace gristmill
