#include "bundle/bundle.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {
namespace {

nlohmann::json signature(Problem problem, std::vector<std::string> classes, bool boolean_target) {
  Signature made;
  made.problem = problem;
  made.classes = std::move(classes);
  made.boolean_target = boolean_target;
  return made.json();
}

Code refusal(const nlohmann::json& json) {
  try {
    Signature::from_json(json);
  } catch (const Error& error) {
    return error.code();
  }
  return Code::usage;
}

TEST(Signature, ClassesFitTheProblem) {
  using Names = std::vector<std::string>;
  EXPECT_NO_THROW(Signature::from_json(signature(Problem::binary, {"no", "yes"}, true)));
  EXPECT_NO_THROW(Signature::from_json(signature(Problem::multiclass, {"a", "b", "c"}, false)));
  EXPECT_EQ(refusal(signature(Problem::binary, {"no"}, false)), Code::corrupt);
  EXPECT_EQ(refusal(signature(Problem::multiclass, Names{"a"}, false)), Code::corrupt);
}

// `false` and `true` are the labels of two classes: a third would have none.
TEST(Signature, OnlyTwoClassesAnswerAsBooleans) {
  EXPECT_EQ(refusal(signature(Problem::multiclass, {"a", "b", "c"}, true)), Code::corrupt);
  EXPECT_EQ(refusal(signature(Problem::regression, {}, true)), Code::corrupt);
}

}  // namespace
}  // namespace gristmill
