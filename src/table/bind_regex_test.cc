// Regular expressions against DuckDB itself.
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

class BindRegexTest : public BindTest {
 protected:
  void fill_texts(int rows, uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::vector<std::string> pieces = {"a", "b", "A",  "1",  "23", "-", " ",  "\n",    "ä",
                                             "Ä", "ß", "中", "🙂", ".",  "(", "ab", "x@y.z", ""};
    rows_.reset(test_schema());
    for (int i = 0; i < rows; ++i) {
      for (size_t c = 0; c < test_schema().size(); ++c) {
        if (test_schema()[c].type != Type::string || random() % 10 == 0) {
          rows_[c].append_null();
          continue;
        }
        std::string text;
        for (size_t left = random() % 8; left > 0; --left) text += pick(random, pieces);
        rows_[c].append(std::string_view(text));
      }
    }
    duck_.load(rows_.view());
  }
};

TEST_F(BindRegexTest, PatternsMatchAsInDuckDb) {
  fill_texts(1000, 31);
  for (const char* pattern : {"a",
                              "",
                              "^a",
                              "b$",
                              "a.*b",
                              "[0-9]+",
                              "(\\d+)-(\\d+)?",
                              "(a|b)(x)?",
                              "ä",
                              "[ä-ü]",
                              "\\pL+",
                              ".",
                              "^.$",
                              "(?i)AB",
                              "(a)(b)?(1)?",
                              "\\.",
                              "\\S+@\\S+",
                              "(?P<name>a)b",
                              "x*",
                              "\\bab\\b",
                              "[^a]",
                              "🙂",
                              "^\\s*$",
                              "((((((((((a))))))))))"}) {
    for (const char* options : {"", "i", "s", "l", "is", "c", "m", " i "}) {
      compare(fmt::format("regexp_matches(s, '{}', '{}')", pattern, options));
      compare(fmt::format("regexp_full_match(s, '{}', '{}')", pattern, options));
      compare(fmt::format("regexp_extract(s, '{}', 0, '{}')", pattern, options));
    }
    for (int group = 0; group < 10; ++group) {
      compare(fmt::format("regexp_extract(s, '{}', {})", pattern, group));
    }
    compare(fmt::format("regexp_extract(s, '{}')", pattern));
    compare(fmt::format("s ~ '{}'", pattern));
    compare(fmt::format("s !~ '{}'", pattern));
    compare(fmt::format("s SIMILAR TO '{}'", pattern));
    compare(fmt::format("s NOT SIMILAR TO '{}'", pattern));
  }
  for (const char* text :
       {"regexp_matches(s, NULL)", "regexp_extract(s, NULL)", "regexp_extract(s, 'a', NULL)",
        "regexp_extract(s, NULL, 1)", "regexp_full_match(s, NULL)",
        "regexp_matches(NULL::VARCHAR, 'a')", "regexp_matches('ab', 'b')",
        "TRY_CAST(regexp_extract(s, '\\d+') AS BIGINT)",
        "CASE WHEN regexp_matches(s, '\\d') THEN regexp_extract(s, '\\d+')::BIGINT END",
        "regexp_extract(lower(s) || s2, 'a+(.)', 1)"}) {
    compare(text);
  }
}

TEST_F(BindRegexTest, RandomPatternsMatchAsInDuckDb) {
  fill_texts(200, 32);
  std::mt19937_64 random(33);
  const std::vector<std::string> pieces = {"a",   "b", "(", ")", "|",   "*",   "+?", "[ab]", "[^1]",
                                           "{2}", "^", "$", ".", "\\d", "\\W", "ä",  "\\pN", "?"};
  int bound = 0;
  for (int i = 0; i < 400 && !HasFatalFailure(); ++i) {
    std::string pattern;
    for (size_t left = 1 + random() % 6; left > 0; --left) pattern += pick(random, pieces);
    const std::string text = i % 2 == 0 ? fmt::format("regexp_matches(s, '{}')", pattern)
                                        : fmt::format("regexp_extract(s, '{}', 1)", pattern);
    try {
      bind(text);
    } catch (const Error&) {
      continue;  // no pattern
    }
    ++bound;
    compare(text);
  }
  EXPECT_GT(bound, 100);
}

TEST_F(BindRegexTest, ABadPatternInABundleIsCorrupt) {
  nlohmann::json saved = bind("regexp_extract(s, 'a(b)', 1, 'i')").root().json();
  EXPECT_NO_THROW(ExprNode::from_json(saved));
  auto code = [&](size_t arg, nlohmann::json value) {
    nlohmann::json broken = saved;
    broken["args"][arg]["value"] = std::move(value);
    return failure([&] { ExprNode::from_json(broken); }).code();
  };
  EXPECT_EQ(code(1, "("), Code::corrupt);
  EXPECT_EQ(code(1, "(((a{1000}){1000}){1000}){1000}"), Code::corrupt);
  EXPECT_EQ(code(1, std::string(100'000, '(')), Code::corrupt);
  EXPECT_EQ(code(1, 5), Code::corrupt);
  EXPECT_EQ(code(2, 10), Code::corrupt);
  EXPECT_EQ(code(2, -1), Code::corrupt);
  EXPECT_EQ(code(2, uint64_t(1) << 63), Code::corrupt);
  EXPECT_EQ(code(3, "q"), Code::corrupt);
  EXPECT_EQ(code(3, nullptr), Code::corrupt);
  nlohmann::json column = saved;
  column["args"][1] = {{"op", "column"}, {"type", "string"}, {"column", "s2"}};
  EXPECT_EQ(failure([&] { ExprNode::from_json(column); }).code(), Code::corrupt);
  column = saved;
  column["args"].erase(1);
  EXPECT_EQ(failure([&] { ExprNode::from_json(column); }).code(), Code::corrupt);
}

}  // namespace
}  // namespace gristmill
