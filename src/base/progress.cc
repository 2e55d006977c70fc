#include "base/progress.h"

#include "base/error.h"

namespace gristmill {

std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag{false};
  return flag;
}

void check_interrupted() {
  if (interrupted().load(std::memory_order_relaxed)) throw Error(Code::interrupted, "interrupted");
}

}  // namespace gristmill
