#include "feature/levels.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

std::vector<int32_t> codes_of(const Encoded& encoded) {
  std::vector<int32_t> codes;
  for (const auto& row : encoded.codes) codes.push_back(row[0]);
  return codes;
}

using Names = std::vector<std::string>;
using Codes = std::vector<int32_t>;

TEST(Category, CodesByCountThenValue) {
  TestRows rows = TestRows::column(
      Type::string, {"b", "c", "b", "a", "c", "a", "d", "d", "d", "once", nullptr, ""});
  auto encoder = fit_encoder("category", rows, for_trees);
  EXPECT_EQ(encoder->outputs()[0].names, (Names{"", "", "d", "a", "b", "c"}));
  TestRows later = TestRows::column(Type::string, {"d", "a", "b", "c", "once", "never", nullptr});
  EXPECT_EQ(codes_of(encode_with("category", std::move(encoder), later)),
            (Codes{2, 3, 4, 5, 1, 1, 0}));
}

TEST(Category, WholeNumbersAndBooleans) {
  TestRows rows = TestRows::column(Type::int64, {"10", "10", "-2", "-2", "7", "7", "7", "", "99"});
  auto encoder = fit_encoder("category", rows, for_trees);
  EXPECT_EQ(encoder->outputs()[0].names, (Names{"", "", "7", "-2", "10"}));
  EXPECT_EQ(codes_of(encode_with("category", std::move(encoder), rows)),
            (Codes{4, 4, 3, 3, 2, 2, 2, 0, 1}));
  TestRows flags = TestRows::column(Type::boolean, {"true", "true", "false", "false", "", "true"});
  encoder = fit_encoder("category", flags, for_linear);
  EXPECT_EQ(encoder->outputs()[0].names, (Names{"", "", "true", "false"}));
  EXPECT_EQ(codes_of(encode_with("category", std::move(encoder), flags)),
            (Codes{2, 2, 3, 3, 0, 2}));
}

TEST(Category, ParametersBoundTheLevels) {
  TestRows rows = TestRows::column(Type::string, {"a", "a", "a", "b", "b", "c"});
  auto names = [&](nlohmann::json params) {
    return fit_encoder("category", rows, for_trees, params)->outputs()[0].names;
  };
  EXPECT_EQ(names({{"levels", 1}}), (Names{"", "", "a"}));
  EXPECT_EQ(names({{"min_count", 1}}), (Names{"", "", "a", "b", "c"}));
  EXPECT_EQ(names({{"min_count", 3}}), (Names{"", "", "a"}));
  EXPECT_THROW(names({{"levels", 0}}), Error);
  EXPECT_THROW(names({{"levels", "many"}}), Error);
  EXPECT_THROW(names({{"level", 5}}), Error);
  EXPECT_THROW(fit_encoder("category", TestRows::column(Type::float64, {"1.5"}), for_trees), Error);
  EXPECT_THROW(fit_encoder("category", TestRows::column(Type::date, {"2013-01-01"}), for_trees),
               Error);
}

TEST(Category, RareByTheNumberOfRows) {
  TestRows rows({{"x", Type::string}});
  for (int i = 0; i < 5000; ++i)
    rows[0].append(std::string_view(i < 4 ? "four" : i < 9 ? "five" : "most"));
  EXPECT_EQ(fit_encoder("category", rows, for_trees)->outputs()[0].names,
            (Names{"", "", "most", "five"}));
}

TEST(Category, ConstantsAndUniqueValuesCarryNothing) {
  auto why = [](const std::vector<const char*>& cells) {
    std::string reason;
    EXPECT_EQ(
        fit_encoder("category", TestRows::column(Type::string, cells), for_trees, {}, &reason),
        nullptr);
    return reason;
  };
  EXPECT_EQ(why({"a", "a"}), "constant: all its values are a");
  EXPECT_EQ(why({nullptr, nullptr}), "all its values are missing");
  EXPECT_EQ(why({}), "all its values are missing");
  EXPECT_EQ(why({"a", "b", "c"}), "none of its values occurs at least 2 times");
}

TEST(Category, LevelsOfEveryLength) {
  TestRows rows({{"x", Type::string}});
  std::vector<std::string> values;
  for (size_t n = 0; n <= 40; ++n) {
    values.push_back(std::string(n, 'a'));
    values.push_back(std::string(n, 'a') + std::string(1, '\0'));
    if (n > 0) values.push_back(std::string(n - 1, 'a') + "b");
    if (n > 0) values.push_back("b" + std::string(n - 1, 'a'));
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (const std::string& value : values)
    for (int i = 0; i < 2; ++i) rows[0].append(std::string_view(value));
  auto encoder = fit_encoder("category", rows, for_trees);
  ASSERT_EQ(encoder->outputs()[0].names.size(), values.size() + 2);
  Codes codes = codes_of(encode_with("category", std::move(encoder), rows));
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(codes[2 * i], int32_t(i + 2)) << values[i];
}

TEST(Category, RefusesHostileStates) {
  auto encoder =
      fit_encoder("category", TestRows::column(Type::int64, {"1", "1", "2", "2"}), for_trees);
  const EncoderKind& kind = Encoders::instance().get("category", "encoder");
  auto with_levels = [&](Names levels) {
    State state = encoder->save();
    state.put_strings("levels", levels);
    return kind.load(state);
  };
  EXPECT_NO_THROW(with_levels({"12345678"}));
  EXPECT_THROW(with_levels({"1234567"}), Error);               // not the bytes of a number
  EXPECT_THROW(with_levels({"12345678", "12345678"}), Error);  // twice
  State state = encoder->save();
  state.put<int64_t>("levels.offsets", {0, 800, 16});
  EXPECT_THROW(kind.load(state), Error);
  state = encoder->save();
  state.json["type"] = "float64";
  EXPECT_THROW(kind.load(state), Error);
}

TEST(LevelCounts, MergedInOrderIsAsInOneGo) {
  LevelCounts whole, merged;
  for (int chunk = 0; chunk < 5; ++chunk) {
    LevelCounts part;
    for (int i = 0; i < 3000; ++i) {
      std::string value = "value " + std::to_string((i * i + chunk * 700) % 1777);
      whole.add(value);
      part.add(value);
    }
    part.add_null();
    whole.add_null();
    merged.merge(part);
  }
  auto a = whole.levels(), b = merged.levels();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].value, b[i].value);
    EXPECT_EQ(a[i].count, b[i].count);
  }
  EXPECT_EQ(merged.nulls(), 5);
  EXPECT_EQ(merged.admitted(), 15000);
}

TEST(LevelCounts, MemoryIsBounded) {
  LevelCounts counts;
  for (size_t i = 0; i < LevelCounts::max_values + 1000; ++i) counts.add(int64_t(i));
  counts.add(int64_t(5));
  EXPECT_EQ(counts.distinct(), LevelCounts::max_values);
  EXPECT_EQ(counts.left_over(), 1000);
  EXPECT_EQ(counts.admitted(), int64_t(LevelCounts::max_values) + 1);
  counts.add(std::string(5000, 'x'));
  EXPECT_EQ(counts.too_long(), 1);
  EXPECT_EQ(counts.long_bytes(), 5000);
}

}  // namespace
}  // namespace gristmill
