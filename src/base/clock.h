// The time of day behind an interface, so that a test says when it is.
#pragma once

#include <cstdint>

namespace gristmill {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t now() = 0;  // microseconds since the Unix epoch
};

// The machine's own. Stateless, thread-safe.
Clock& machine_clock();

}  // namespace gristmill
