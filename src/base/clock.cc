#include "base/clock.h"

#include <chrono>

namespace gristmill {

Clock& machine_clock() {
  struct MachineClock : Clock {
    int64_t now() override {
      const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
      return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
    }
  };
  static MachineClock clock;
  return clock;
}

}  // namespace gristmill
