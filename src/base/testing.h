// What tests of all rooms share.
#pragma once

#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {

// The Error that a call throws; the test fails when it throws none.
inline Error failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Code::internal, ""};
}

// "line:column message" of what was found invalid in a file.
inline std::string placed_message(const Error& error, std::string_view file) {
  EXPECT_EQ(name_of(error.code()), name_of(Code::invalid)) << error.what();
  EXPECT_EQ(error.where().file, file) << error.what();
  return fmt::format("{}:{} {}", error.where().line, error.where().column, error.message());
}

}  // namespace gristmill
