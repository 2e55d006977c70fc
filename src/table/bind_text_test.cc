// Functions of text against DuckDB itself, over texts of many alphabets.
#include "expr/utf8.h"
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

// Characters whose case, width or category is worth a look, and pieces that patterns are made of.
const std::vector<std::string> pieces = {
    "a",  "b",  "A",  "B",  "x",           " ", "  ",     "\t",     "\n",     "%",      "_",
    "ß",  "ẞ",  "Ä",  "ä",  "é",           "É", "İ",      "ı",      "ſ",      "K",      "Å",
    "ǅ",  "Σ",  "ς",  "σ",  "Ж",           "ж", "\u00A0", "\u3000", "\u2003", "\u200B", "\u0301",
    "中", "文", "🙂", "🇩🇪", "👩‍🔬", "ﬁ", "𐐀",      "𐐨",      "ab",     "ba",     ""};

class BindTextTest : public BindTest {
 protected:
  std::string text(std::mt19937_64& random) {
    std::string made;
    // Few kinds of pieces at a time, so that parts are found.
    const size_t most = random() % 3 == 0 ? 4 : pieces.size();
    for (size_t left = random() % 7; left > 0; --left) made += pieces[random() % most];
    return made;
  }
  void fill_texts(int rows, uint64_t seed) {
    std::mt19937_64 random(seed);
    rows_.reset(test_schema());
    for (int i = 0; i < rows; ++i) {
      for (size_t c = 0; c < test_schema().size(); ++c) {
        const std::string& name = test_schema()[c].name;
        if (random() % 12 == 0 || name == "n") {
          rows_[c].append_null();
        } else if (test_schema()[c].type == Type::string) {
          rows_[c].append(std::string_view(text(random)));
        } else if (name == "a" || name == "a2") {
          rows_[c].append(random() % 16 == 0 ? pick(random, edge_integers)
                                             : int64_t(random() % 21) - 10);
        } else if (name == "f") {
          rows_[c].append(random() % 2 == 0);
        } else if (name == "b") {
          rows_[c].append(pick(random, edge_reals));
        } else {
          rows_[c].append_null();
        }
      }
    }
    duck_.load(rows_.view());
  }
};

TEST_F(BindTextTest, FunctionsOfTextAnswerAsDuckDb) {
  fill_texts(1500, 11);
  for (const char* text : {"lower(s)",
                           "lcase(s)",
                           "upper(s)",
                           "ucase(s)",
                           "trim(s)",
                           "ltrim(s)",
                           "rtrim(s)",
                           "trim(s, s2)",
                           "ltrim(s, s2)",
                           "rtrim(s, 'abä🙂')",
                           "trim(s, '')",
                           "trim(both 'a' from s)",
                           "trim(leading from s)",
                           "length(s)",
                           "len(s)",
                           "char_length(s)",
                           "character_length(s)",
                           "contains(s, s2)",
                           "contains(s, 'ä')",
                           "contains(s, '')",
                           "starts_with(s, s2)",
                           "s ^@ 'a'",
                           "prefix(s, s2)",
                           "ends_with(s, s2)",
                           "suffix(s, 'b')",
                           "s || s2",
                           "s || 'x' || s2",
                           "a || s",
                           "s || b",
                           "s || f",
                           "s || 1",
                           "s || NULL",
                           "concat(s, s2)",
                           "concat(s)",
                           "concat(s, NULL, a, f)",
                           "concat(n, s)",
                           "concat(NULL)",
                           "replace(s, 'a', 'bb')",
                           "replace(s, s2, 'ä')",
                           "replace(s, 'ab', '')",
                           "replace(s, '', 'x')",
                           "replace(s, 'a', s2)",
                           "upper(trim(s)) || lower(s2)",
                           "length(s || s2) > 3",
                           "CASE WHEN s LIKE '%a%' THEN upper(s) ELSE s2 END",
                           "coalesce(trim(s), s2, '')",
                           "greatest(lower(s), s2)",
                           "lower(s) IN ('a', 'ä', s2)",
                           "lower('ÄB')",
                           "length('äb') + a"}) {
    compare(text);
  }
}

TEST_F(BindTextTest, PartsOfTextAnswerAsDuckDb) {
  fill_texts(1500, 12);
  for (const char* text : {"substr(s, a)",
                           "substr(s, a, a2)",
                           "substring(s, a, 2)",
                           "substr(s, 2, a)",
                           "substr(s, 0)",
                           "substr(s, 0, 1)",
                           "substr(s, 1, 0)",
                           "substr(s, -1)",
                           "substr(s, -3, 2)",
                           "substr(s, -2, -1)",
                           "substring(s from 2 for 3)",
                           "substring(s for 2)",
                           "left(s, a)",
                           "left(s, 2)",
                           "right(s, a)",
                           "right(s, -1)",
                           "substr(s, NULL)",
                           "substr(s, 4294967295)",
                           "substr(s, 4294967296)",
                           "substr(s, -4294967296)",
                           "substr(s, 1, -4294967297)",
                           "left(s, 4294967296)",
                           "left(s, -9223372036854775807)"}) {
    compare(text);
  }
  for (int from = -4; from < 5; ++from) {
    for (int length = -4; length < 5; ++length)
      compare(fmt::format("substr(s, {}, {})", from, length));
  }
}

TEST_F(BindTextTest, PatternsMatchAsInDuckDb) {
  fill_texts(1000, 13);
  for (const char* text : {"s LIKE s2", "s NOT LIKE s2", "s ILIKE s2", "s NOT ILIKE s2",
                           "s || s2 LIKE '%' || s2", "NULL LIKE s", "s LIKE NULL"}) {
    compare(text);
  }
  std::mt19937_64 random(14);
  constexpr std::string_view signs[] = {"LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"};
  for (int i = 0; i < 200 && !HasFatalFailure(); ++i) {
    std::string pattern;
    for (size_t left = random() % 6; left > 0; --left) {
      pattern += random() % 2 == 0 ? pick<std::string>(random, {"%", "_", "%%", "a", "b"})
                                   : pieces[random() % pieces.size()];
    }
    compare(fmt::format("s {} '{}'", signs[i % 4], pattern));
  }
}

TEST_F(BindTextTest, EveryCharacterHasDuckDbsCase) {
  rows_.reset(test_schema());
  for (char32_t c = 1; c < 0x11'0000; ++c) {
    if (c == 0xD800) c = 0xE000;
    if (c == 0x3'0000) c = 0xE'0000;  // planes without characters
    std::string text;
    if (c < 0x80) {
      text = char(c);
    } else {
      if (c < 0x800) {
        text += char(0xC0 | (c >> 6));
      } else if (c < 0x1'0000) {
        text += char(0xE0 | (c >> 12));
        text += char(0x80 | (c >> 6 & 0x3F));
      } else {
        text += char(0xF0 | (c >> 18));
        text += char(0x80 | (c >> 12 & 0x3F));
        text += char(0x80 | (c >> 6 & 0x3F));
      }
      text += char(0x80 | (c & 0x3F));
    }
    for (size_t k = 0; k < test_schema().size(); ++k) {
      if (test_schema()[k].name == "s") {
        rows_[k].append(std::string_view(text));
      } else {
        rows_[k].append_null();
      }
    }
    if (c == 0xF'0000) break;
  }
  duck_.load(rows_.view());
  for (const char* text : {"lower(s)", "upper(s)", "trim(s)", "length(s)"}) compare(text);
}

TEST(Utf8Test, BytesThatAreNoTextStayAsTheyAre) {
  using namespace expr_internal;
  for (const std::string text :
       {"\xFF", "A\xC3", "\xE2\x82", "\xF0\x9F\x99", "\x80\x80z", "\xED\xA0\x80"}) {
    std::string lower, upper;
    append_lower(text, lower);
    append_upper(text, upper);
    EXPECT_EQ(lower.size(), text.size());
    EXPECT_EQ(upper.size(), text.size());
    for (size_t at = 0; at < text.size(); at += character_size(text, at)) {
      EXPECT_LE(at + character_size(text, at), text.size());
    }
  }
}

}  // namespace
}  // namespace gristmill
