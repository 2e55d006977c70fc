#include "base/params.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/progress.h"

namespace gristmill {
namespace {

const std::vector<ParamDoc> docs = {
    {.name = "rate", .type = "number", .text = "", .value = 0.1, .minimum = 0, .maximum = 1},
    {.name = "trees", .type = "integer", .text = "", .value = 100, .minimum = 1},
    {.name = "strategy",
     .type = "string",
     .text = "",
     .value = "mean",
     .choices = {"mean", "median"}},
    {.name = "values", .type = "array", .text = "", .value = nullptr},
};

std::string message_of(const nlohmann::json& given) {
  try {
    Params params(given, docs, "rule impute");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.what();
  }
  return "";
}

TEST(Params, FillsInDefaults) {
  Params params({{"rate", 1}, {"trees", 3.0}}, docs, "rule impute");
  EXPECT_EQ(params.number("rate"), 1);
  EXPECT_EQ(params.integer("trees"), 3);
  EXPECT_EQ(params.text("strategy"), "mean");
  EXPECT_FALSE(params.has("values"));
  EXPECT_TRUE(params["values"].is_null());
  EXPECT_THROW(params.text("values"), Error);
  EXPECT_EQ(params.json(), (nlohmann::json{{"rate", 1}, {"trees", 3}, {"strategy", "mean"}}));
  EXPECT_EQ(Params(nullptr, docs, "x").integer("trees"), 100);
}

TEST(Params, RefusesWithTheReason) {
  EXPECT_EQ(message_of({{"rat", 1}}),
            "rule impute: unknown parameter `rat`\n  hint: did you mean \"rate\"?");
  EXPECT_EQ(message_of({{"rate", "x"}}), "rule impute: `rate` must be a number, not \"x\"");
  EXPECT_EQ(message_of({{"rate", 1.5}}), "rule impute: `rate` must be at most 1, not 1.5");
  EXPECT_EQ(message_of({{"rate", NAN}}), "rule impute: `rate` must be a number, not null");
  EXPECT_EQ(message_of({{"trees", 2.5}}), "rule impute: `trees` must be a whole number, not 2.5");
  EXPECT_EQ(message_of({{"trees", 0}}), "rule impute: `trees` must be at least 1, not 0");
  EXPECT_EQ(message_of({{"trees", true}}), "rule impute: `trees` must be a whole number, not true");
  EXPECT_EQ(message_of({{"strategy", "meen"}}),
            "rule impute: `strategy` must be one of mean, median, not \"meen\"\n"
            "  hint: did you mean \"mean\"?");
  EXPECT_EQ(message_of({{"values", 3}}), "rule impute: `values` must be a list, not 3");
  EXPECT_EQ(message_of(nlohmann::json::array()),
            "rule impute: its parameters must be a mapping of names to values, not []");
}

TEST(Interrupted, Throws) {
  check_interrupted();
  interrupted() = true;
  EXPECT_THROW(check_interrupted(), Error);
  interrupted() = false;
  check_interrupted();
}

}  // namespace
}  // namespace gristmill
