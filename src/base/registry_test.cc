#include "base/registry.h"

#include <gtest/gtest.h>

namespace gristmill {
namespace {

struct Mill {
  std::string name;
  int stones = 0;
};

TEST(Registry, ASecondKindOfOneNameIsABug) {
  Registry<Mill> mills;
  mills.add({"wind", 2});
  mills.add({"water", 3});
  try {
    mills.add({"wind", 4});
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::internal);
    EXPECT_NE(error.message().find("\"wind\""), std::string::npos);
  }
  EXPECT_EQ(mills.find("wind")->stones, 2);
}

}  // namespace
}  // namespace gristmill
