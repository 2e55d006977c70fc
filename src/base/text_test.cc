#include "base/text.h"

#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

namespace gristmill {
namespace {

TEST(Text, WhatIsUtf8) {
  for (const char* text :
       {"", "a", "ä", "€", "😀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x9F\x98", "\xFF"}) {
    for (size_t before : {0, 1, 31, 32, 33, 100}) {
      const std::string ascii(before, 'a');
      EXPECT_EQ(find_invalid_utf8(ascii + text), before) << before;
      EXPECT_EQ(find_invalid_utf8(ascii + text + "é"), before) << before;
      EXPECT_EQ(find_invalid_utf8("é" + ascii + text), before + 2) << before;
    }
  }
}

// Any bytes: the same verdict as another implementation.
TEST(Text, Utf8AsOthersSeeIt) {
  std::mt19937 random(7);
  const std::string parts[] = {"a",    "ä",        "€",   "😀", std::string(40, 'x'),
                               "\x80", "\xE2\x82", "\xF4"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (int k = 0; k < 6; ++k) text += parts[random() % (i % 4 == 0 ? 8 : 5)];
    bool valid = true;
    try {
      (void)nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
      valid = false;
    }
    EXPECT_EQ(is_utf8(text), valid) << i;
  }
}

// As in the C locale, whatever the bytes.
TEST(Text, LettersDigitsAndSpacesOfAscii) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    const bool capital = byte >= 'A' && byte <= 'Z';
    EXPECT_EQ(lower(c), capital ? char(byte + 32) : c) << byte;
    EXPECT_EQ(is_digit(c), byte >= '0' && byte <= '9') << byte;
    EXPECT_EQ(is_space(c), byte == ' ' || (byte >= 9 && byte <= 13)) << byte;
  }
  EXPECT_EQ(lower("Größe Ä[Z]"), "größe Ä[z]");
  EXPECT_EQ(trimmed(" \t\r\n\v\fa b\n "), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "cONTENT-tYPE"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("ab", "abc"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("Ä", "ä"));
}

TEST(Text, HexadecimalDigits) {
  const std::string digits = "0123456789abcdef", capitals = "0123456789ABCDEF";
  int found = 0;
  for (int byte = 0; byte < 256; ++byte) found += hex_digit(char(byte)) >= 0;
  EXPECT_EQ(found, 22);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(hex_digit(digits[i]), int(i));
    EXPECT_EQ(hex_digit(capitals[i]), int(i));
  }
}

TEST(Text, ShortFormsSplitNoCharacter) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc…");
  EXPECT_EQ(shortened("aäb", 2), "a…");
  EXPECT_EQ(shortened("😀😀", 7), "😀…");
  EXPECT_EQ(shortened("\x80\x80\x80", 2), "…");
  EXPECT_EQ(excerpt("a\tä\xff"), "\"a\\x09ä\\xff\"");
  std::string sixty;
  for (int i = 0; i < 60; ++i) sixty += "é";
  EXPECT_EQ(excerpt(sixty), "\"" + sixty + "\"");
  EXPECT_EQ(excerpt(sixty + "é"), "\"" + sixty + "…\"");
}

}  // namespace
}  // namespace gristmill
