#include "learn/lightgbm.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

namespace gristmill {
namespace {

// OpenMP's threads wait for one another in loops of a millisecond unless they are told not to: on
// a machine with other work a model took 60 s instead of 6. It reads this when it is loaded, and
// setenv wants no other thread: so before main. A policy of the user's stays.
const bool waits_briefly = [] {
  return std::getenv("OMP_WAIT_POLICY") == nullptr && ::setenv("GOMP_SPINCOUNT", "1000", 0) == 0;
}();

Error not_usable(const std::string& why) {
  return {
      Code::unavailable,
      "LightGBM, which trains boosted trees, cannot be loaded: " + why,
      {},
      "lib_lightgbm.so belongs beside the program, in ../lib/gristmill; install Gristmill anew"};
}

}  // namespace

// By the program's own search path.
void* LightgbmLibrary::load() {
  void* library = ::dlopen("lib_lightgbm.so", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw not_usable(::dlerror());
  return library;
}

LightgbmLibrary::Symbol LightgbmLibrary::find(const char* name) const {
  void* address = ::dlsym(library_, name);
  if (address == nullptr) throw not_usable(std::string("it has no ") + name);
  return {address};
}

const LightgbmLibrary& lightgbm() {
  static const LightgbmLibrary library;
  return library;
}

void lightgbm_check(int code) {
  if (code != 0) throw Error(Code::internal, std::string("LightGBM: ") + lightgbm().GetLastError());
}

}  // namespace gristmill
