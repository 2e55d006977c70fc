// Casts against DuckDB itself: which texts and numbers are read, and as what.
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

TEST_F(BindTest, CastsAnswerAsDuckDb) {
  fill(300, 4);
  for (const char* from : {"a", "b", "s", "f", "n"}) {
    for (const char* to :
         {"BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "INTEGER", "SMALLINT", "TINYINT"}) {
      compare(fmt::format("CAST({} AS {})", from, to));
      compare(fmt::format("TRY_CAST({} AS {})", from, to));
    }
  }
  for (const char* text : {"d::TIMESTAMP",
                           "ts::DATE",
                           "tz::DATE",
                           "ts::TIMESTAMPTZ",
                           "tz::TIMESTAMP",
                           "d::TIMESTAMPTZ",
                           "TRY_CAST(d AS TIMESTAMP)",
                           "a::VARCHAR::DOUBLE",
                           "b::VARCHAR::DOUBLE",
                           "CAST('12' AS BIGINT) + a",
                           "' 1e3 '::DOUBLE * b",
                           "TRY_CAST('x' AS BIGINT)",
                           "'infinity'::TIMESTAMP",
                           "'1e400'::DOUBLE",
                           "'-nan'::DOUBLE",
                           "true",
                           "NULL",
                           "'ab''c'",
                           "-9223372036854775808",
                           "DATE '2013-02-28'",
                           "TIMESTAMPTZ '2013-01-01 00:00:00+05:30'"}) {
    compare(text);
  }
}

TEST_F(BindTest, RandomTextReadsAsDuckDbReadsIt) {
  std::mt19937_64 random(5);
  rows_.reset(test_schema());
  constexpr std::string_view letters = "0123456789005519..__eE+-- \tnaifNIxXbBtTyYsoru";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    // Mostly digits, so that many are numbers.
    const size_t most = random() % 3 == 0 ? letters.size() : 24;
    for (size_t size = random() % 9; size > 0; --size) text += letters[random() % most];
    // DuckDB misreads a DOUBLE of more than 19 digits with an underscore.
    if (random() % 20 == 0 && text.find('_') == std::string::npos) {
      text = std::to_string(random()) + text;
    }
    for (size_t c = 0; c < test_schema().size(); ++c) {
      if (test_schema()[c].name == "s") {
        rows_[c].append(std::string_view(text));
      } else {
        rows_[c].append_null();
      }
    }
  }
  duck_.load(rows_.view());
  for (const char* text : {"TRY_CAST(s AS BIGINT)", "TRY_CAST(s AS DOUBLE)",
                           "TRY_CAST(s AS BOOLEAN)", "TRY_CAST(s AS TINYINT)"}) {
    compare(text);
  }
}

TEST_F(BindTest, RandomNumbersCastAsDuckDbCastsThem) {
  std::mt19937_64 random(6);
  rows_.reset(test_schema());
  for (int i = 0; i < 20'000; ++i) {
    double value;
    const uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    if (i % 2 == 0) value = double(int64_t(random() % 2'000'000)) / std::pow(10, random() % 12);
    for (size_t c = 0; c < test_schema().size(); ++c) {
      const std::string& name = test_schema()[c].name;
      if (name == "a" || name == "a2") {
        rows_[c].append(int64_t(random()) >> random() % 64);
      } else if (name == "b") {
        rows_[c].append(value);
      } else if (name == "b2") {
        rows_[c].append(double(int64_t(random() % 2000)) / 16 - 50);
      } else {
        rows_[c].append_null();
      }
    }
  }
  duck_.load(rows_.view());
  for (const char* text : {"b::VARCHAR",
                           "a::VARCHAR",
                           "a::DOUBLE",
                           "TRY_CAST(b AS BIGINT)",
                           "TRY_CAST(b AS INTEGER)",
                           "b::BOOLEAN",
                           "round(b, 3)",
                           "round(b2, 1)",
                           "round(a, -3)",
                           "b * b2",
                           "b / b2",
                           "b % b2",
                           "exp(b2)",
                           "abs(b2) ** 1.25e0",
                           "ln(abs(b2) + 1)",
                           "sqrt(abs(b))",
                           "a // 7",
                           "a % 7",
                           "floor(b2)",
                           "ceil(b2)",
                           "round(b2)",
                           "a = b",
                           "a < b"}) {
    compare(text);
  }
}

}  // namespace
}  // namespace gristmill
