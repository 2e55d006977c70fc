#include "pipeline/document.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace gristmill {
namespace {

using Json = nlohmann::json;

Json json_of(const std::string& text) { return Document::parse(text, "a.yaml").json(); }

Error failure(const std::string& text) {
  SCOPED_TRACE(text);
  return gristmill::failure([&] { Document::parse(text, "a.yaml"); });
}

std::string refusal(const std::string& text) {
  SCOPED_TRACE(text);
  return placed_message(failure(text), "a.yaml");
}

TEST(Document, PlainValuesAreTyped) {
  EXPECT_EQ(
      json_of("{a: 1, b: -2, c: 1.5, d: 1e3, e: true, f: false, g: null, h: ~, i: }"),
      Json::parse(R"({"a": 1, "b": -2, "c": 1.5, "d": 1000.0, "e": true, "f": false, "g": null,
                            "h": null, "i": null})"));
  EXPECT_TRUE(json_of("a: 9223372036854775807")["a"].is_number_integer());
  EXPECT_TRUE(json_of("a: 9223372036854775808")["a"].is_number_float());
}

// Words that other YAML readers take for booleans, dates, octal or infinite numbers.
TEST(Document, AllElseIsText) {
  for (const char* text :
       {"yes", "no", "on", "off", "True", "FALSE", "y", "N", "2013-01-01", "0x1f", "0o17", "1_000",
        "12:30", "inf", ".inf", "nan", "1.2.3", "e5", "+"})
    EXPECT_EQ(json_of("a: " + std::string(text) + "\n"), (Json{{"a", text}})) << text;
  EXPECT_EQ(json_of("a: '1'\nb: \"true\"\nc: !!str 2\nd: |\n  3\n"),
            (Json{{"a", "1"}, {"b", "true"}, {"c", "2"}, {"d", "3\n"}}));
}

TEST(Document, BlocksAndAnchors) {
  EXPECT_EQ(json_of("sql: |\n  SELECT a, b -- (no end\n  FROM t\nfolded: >-\n  one\n  two\n"),
            (Json{{"sql", "SELECT a, b -- (no end\nFROM t\n"}, {"folded", "one two"}}));
  EXPECT_EQ(json_of("a: &x [1, 2]\nb: *x\n"), (Json{{"a", {1, 2}}, {"b", {1, 2}}}));
  EXPECT_EQ(json_of(""), Json());
  EXPECT_EQ(json_of("# nothing\n"), Json());
}

TEST(Document, ValuesKnowTheirPlace) {
  const Document document = Document::parse(
      "project: p\n"
      "tables:\n"
      "  \"a/b\": x\n"
      "  c~d: {sql: y,\n"
      "        key: z}\n"
      "list:\n"
      "  - one\n"
      "  - two: 2\n",
      "a.yaml");
  auto place = [&](const std::string& pointer) {
    const Where where = document.where(pointer);
    EXPECT_EQ(where.file, "a.yaml");
    return fmt::format("{}:{}", where.line, where.column);
  };
  EXPECT_EQ(place("/project"), "1:1");
  EXPECT_EQ(place(pointer_to("/tables", "a/b")), "3:3");
  EXPECT_EQ(pointer_to("/tables", "a/b"), "/tables/a~1b");
  EXPECT_EQ(place(pointer_to(pointer_to("/tables", "c~d"), "key")), "5:9");
  EXPECT_EQ(place("/list/1"), "8:5");
  EXPECT_EQ(place("/list/1/two"), "8:5");
  // What is not there has the place of what is around it.
  EXPECT_EQ(place("/list/1/three/four"), "8:5");
  EXPECT_EQ(place("/nothing"), "1:1");
  EXPECT_EQ(Document::parse("", "a.yaml").where("/x").text(), "a.yaml");
}

TEST(Document, SaysWhereItIsNoYaml) {
  EXPECT_EQ(refusal("a: 1\nb: {c: 2\n").substr(0, 2), "3:");
  EXPECT_EQ(refusal("a: 1\n\tb: 2\n").substr(0, 4), "2:1 ");
  EXPECT_EQ(refusal("a: *nowhere\n").substr(0, 4), "1:4 ");
  EXPECT_EQ(refusal("a: 1\n  b: 2\n").substr(0, 2), "2:");
  EXPECT_EQ(refusal("a: [%d, 1]\n").substr(0, 4), "1:5 ");
  for (const char* open : {"\"x", "'x", "'it''s", "'", "'''", "'''x", "\"\\\"", "'x''"}) {
    EXPECT_EQ(refusal("a: " + std::string(open) + "\n"),
              "1:4 not valid YAML: a quote opens and never closes")
        << open;
  }
  try {
    Document::parse("a: 1\n\tb: 2\n", "a.yaml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "YAML is indented with spaces, not with tabs");
  }
  EXPECT_EQ(json_of("a: 'it''s'\nb: \"\\\"\"\nc: ''\nd: ''''\n"),
            (Json{{"a", "it's"}, {"b", "\""}, {"c", ""}, {"d", "'"}}));
}

TEST(Document, KeysOccurOnce) {
  EXPECT_EQ(refusal("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"), "5:3 the key `c` occurs twice");
  EXPECT_EQ(refusal("{a: 1, \"a\": 2}"), "1:8 the key `a` occurs twice");
  EXPECT_EQ(refusal("a: 1\n? [b]\n: 2\n"), "2:3 a key must be text");
}

TEST(Document, OneDocumentOfBoundedSize) {
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "3:1 the project file holds several YAML documents");
  EXPECT_NE(refusal("a: " + std::string(70, '[') + std::string(70, ']')).find("nested too deeply"),
            std::string::npos);
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int k = 0; k < 10; ++k) text += fmt::format("*a{}, ", i - 1);
    text += "x]\n";
  }
  EXPECT_NE(refusal(text).find("more than a million values"), std::string::npos);
  EXPECT_EQ(failure(std::string("a: \0b\n", 6)).message(), "the project file holds a NUL byte");
}

TEST(Document, IsUtf8) {
  EXPECT_EQ(refusal("a: 1\nb: \xff\n"), "2:4 the text is not UTF-8");
  EXPECT_EQ(refusal("\xffz: 1\n"), "1:1 the text is not UTF-8");
  EXPECT_EQ(refusal("a: ü # \xc3\n"), "1:9 the text is not UTF-8");
  EXPECT_EQ(json_of("a: ü€𝄞\n"), (Json{{"a", "ü€𝄞"}}));
}

TEST(Document, LongTextsAreNotMultiplied) {
  const std::string long_text(size_t(1) << 18, 'x');
  auto many = [](const std::string& item, int times) {
    std::string text = "[";
    for (int i = 0; i < times; ++i) text += item + ", ";
    return text + "x]";
  };
  // A key stands in the pointer of each value below it.
  for (const std::string& text :
       {"a: &a " + long_text + "\nb: " + many("*a", 4000),
        "? &a " + long_text + "\n: " + many("x", 4000),
        "a:\n- ? &a " + long_text + "\n  : x\nb: " + many("{? *a : x}", 4000)}) {
    const std::string told = refusal(text);
    EXPECT_NE(told.find(" the file unfolds to more than 64 MiB of text"), std::string::npos)
        << told;
    EXPECT_NE(told[0], '0');
  }
  EXPECT_EQ(failure(std::string(size_t(65) << 20, 'x')).message(),
            "the project file is larger than 64 MiB");
  EXPECT_EQ(json_of("a: &a " + long_text + "\nb: " + many("*a", 100))["b"][99], long_text);
}

// YAML ends a plain value at a comma inside braces and at ` #`.
TEST(Document, AValueThatWasCutIsToldSo) {
  for (const auto& [text, rest] : std::map<std::string, std::string>{
           {"{a: greatest(b, c) > 3}", "1:5 this value looks cut: `greatest(b`"},
           {"a: item['no #1']", "1:4 this value looks cut: `item['no`"},
           {"a: b = 'x #'", "1:4 this value looks cut: `b = 'x`"},
           {"a:\n  - f(x #y)\n", "2:5 this value looks cut: `f(x`"},
           {"a: \n  b: 5 \"", "2:6 this value looks cut: `5 \"`"}})
    EXPECT_EQ(refusal(text), rest) << text;
  EXPECT_NE(failure("{a: f(b, c)}").hint().find("block form"), std::string::npos);
  // Closed, in another's quotes, in block form or quoted, a value is whole.
  for (const char* text : {"a: greatest(b, c) > 3", "a: f(g[1])", "a: it's late", "a: \"f(\"",
                           "a: x = '('", "a: |\n  f(\n", "a: ')'", "a: )", "{a: 'f(b, c)'}"})
    EXPECT_NO_THROW(json_of(text)) << text;
}

TEST(Document, IsReadFromAFileByItsName) {
  ScratchDir dir;
  const fs::path path = dir.path() / "gristmill.yaml";
  disk().write_atomic(path, "a: 1\n");
  EXPECT_EQ(Document::read(path).where("/a").text(), "gristmill.yaml:1:1");
  EXPECT_THROW(Document::read(dir.path() / "no.yaml"), Error);
}

Document laid(const std::string& base, const std::string& over) {
  Document document = Document::parse(base, "a.yaml");
  document.lay_over(Document::parse(over, "b.yaml"));
  return document;
}

TEST(Document, LaidOverMappingsMergeAllElseIsReplaced) {
  EXPECT_EQ(
      laid("a: {x: 1, y: [1, 2], z: {p: 1}}\nb: 2\n", "a: {y: [3], z: {q: 2}}\nb: {c: 1}\nn: t\n")
          .json(),
      Json::parse(R"({"a": {"x": 1, "y": [3], "z": {"p": 1, "q": 2}}, "b": {"c": 1}, "n": "t"})"));
  EXPECT_EQ(laid("a: {x: 1, y: 2}\nb: 2\n", "a: {x: null}\nb: ~\n").json(),
            Json::parse(R"({"a": {"y": 2}})"));
  EXPECT_EQ(laid("a: {x: 1}\n", "a: 5\n").json(), Json::parse(R"({"a": 5})"));
}

TEST(Document, LaidOverValuesHaveThePlaceWhereTheyStand) {
  const Document document = laid("a: {x: 1, y: {d: [1, 2]}}\na-b: 1\n", "\na:\n  y: [1]\n  z: 2\n");
  const auto place = [&](const char* pointer) { return document.where(pointer).text(); };
  EXPECT_EQ(place("/a"), "a.yaml:1:1");
  EXPECT_EQ(place("/a/x"), "a.yaml:1:5");
  EXPECT_EQ(place("/a/y"), "b.yaml:3:3");
  EXPECT_EQ(place("/a/y/0"), "b.yaml:3:7");
  EXPECT_EQ(place("/a/y/d"), "b.yaml:3:3");  // no longer there: what is around it
  EXPECT_EQ(place("/a/z"), "b.yaml:4:3");
  EXPECT_EQ(place("/a-b"), "a.yaml:2:1");
}

TEST(Document, WhatIsLaidOverMustFit) {
  const auto refused = [](const std::string& base, const std::string& over) {
    const Error error = gristmill::failure([&] { laid(base, over); });
    return error.where().text() + " " + error.message();
  };
  EXPECT_EQ(refused("a: {x: 1}\n", "a: {y: null}\n"), "b.yaml:1:5 `a/y` removes what is not there");
  EXPECT_EQ(refused("a: 1\n", "[1]\n"),
            "b.yaml:1:1 it must be a mapping, of what is to be replaced");
  EXPECT_EQ(refused("a: 1\n", ""), "b.yaml it must be a mapping, of what is to be replaced");
}

}  // namespace
}  // namespace gristmill
