// What tests of all rooms share.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {

// The Error that a call throws; a failure of the test when it throws none.
inline Error failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Code::internal, ""};
}

}  // namespace gristmill
