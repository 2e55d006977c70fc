#include "base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace gristmill {
namespace {

std::string nested(int levels, const std::string& open, const std::string& close) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += open;
  text += "1";
  for (int i = 0; i < levels; ++i) text += close;
  return text;
}

TEST(Json, NestsOnlySoDeep) {
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"a]\\\"\":", "}")}) {
    EXPECT_NO_THROW(parse_json(nested(json_levels_max, open, close)));
    for (int levels : {json_levels_max + 1, 200000}) {
      const std::string deep = nested(levels, open, close);
      EXPECT_THROW(parse_json(deep), nlohmann::json::exception);
      EXPECT_THROW(parse_json(deep.substr(0, deep.size() / 2)), nlohmann::json::exception);
      EXPECT_TRUE(try_parse_json(deep).is_discarded());
    }
  }
}

TEST(Json, WideIsNotDeep) {
  std::string text = "[0";
  for (int i = 0; i < 5000; ++i) text += ",[],{\"[[\\\"[[\":[]},\"{{\\\\\"";
  EXPECT_EQ(parse_json(text + "]").size(), 15001u);
}

TEST(Json, WhatIsNone) {
  for (const char* text : {"", "{", "]]", "\"\\", "{\"a\":1}x"}) {
    EXPECT_THROW(parse_json(text), nlohmann::json::exception) << text;
    EXPECT_TRUE(try_parse_json(text).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace gristmill
