#include "learn/split.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr int64_t day = int64_t(86400) * 1'000'000;

SplitSpec spec(const std::string& json, const std::string& time = "") {
  return SplitSpec::parse(nlohmann::json::parse(json), time);
}

std::array<int64_t, 4> counts(const Split& split, const std::vector<uint64_t>& values) {
  std::array<int64_t, 4> out{};
  for (const uint64_t value : values) ++out[size_t(split.fold(int64_t(value), 0) + 1)];
  return out;  // in the gap, train, validate, test
}

TEST(Split, ByDateRecordsTheInstant) {
  SplitFit fit(spec(R"({"time": "t", "validate": "1970-01-11", "test": "1970-01-21"})"));
  std::vector<uint64_t> times;
  for (int64_t d = 0; d < 30; ++d) times.push_back(uint64_t(d * day));
  for (const uint64_t t : times) fit.observe(t, 0);
  const Split split = fit.decide();
  EXPECT_EQ(counts(split, times), (std::array<int64_t, 4>{0, 10, 10, 10}));
  EXPECT_EQ(split.fold(10 * day - 1, 0), 0);
  EXPECT_EQ(split.fold(10 * day, 0), 1);
  EXPECT_EQ(split.json()["test_from"].get<std::string>().substr(0, 10), "1970-01-21");
}

TEST(Split, BySpanFromTheEndWithGap) {
  SplitFit fit(spec(R"({"time": "t", "validate": "5d", "test": "10d", "gap": "2d"})"));
  std::vector<uint64_t> times;
  for (int64_t d = 0; d < 30; ++d) times.push_back(uint64_t(d * day));
  for (const uint64_t t : times) fit.observe(t, 0);
  EXPECT_EQ(counts(fit.decide(), times), (std::array<int64_t, 4>{4, 13, 3, 10}));
}

TEST(Split, ByShareNeverInsideAnInstant) {
  SplitFit fit(spec(R"({"time": "t", "validate": "20%", "test": 0.2})"));
  std::vector<uint64_t> times;
  for (int i = 0; i < 1000; ++i) times.push_back(uint64_t((i / 100) * day));
  std::shuffle(times.begin(), times.end(), std::mt19937(1));
  for (const uint64_t t : times) fit.observe(t, 0);
  EXPECT_EQ(counts(fit.decide(), times), (std::array<int64_t, 4>{0, 600, 200, 200}));
}

TEST(Split, RandomIsNearItsSharesAndKeepsRowsWhenOthersCome) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> keys(20000);
  for (uint64_t& key : keys) key = random();
  SplitFit few(spec(R"({"random": true, "validate": "10%", "test": "20%"})")),
      all(spec(R"({"random": true, "validate": "10%", "test": "20%"})"));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i < 100) few.observe(keys[i], 0);
    all.observe(keys[i], 0);
  }
  const Split a = few.decide(), b = all.decide();
  const auto found = counts(b, keys);
  EXPECT_NEAR(double(found[2]), 2000, 150);
  EXPECT_NEAR(double(found[3]), 4000, 200);
  for (size_t i = 0; i < 100; ++i)
    EXPECT_EQ(a.fold(int64_t(keys[i]), 0), b.fold(int64_t(keys[i]), 0));
}

TEST(Split, AnotherSeedIsAnotherSplit) {
  SplitSpec one = spec(R"({"random": true})"), two = one;
  two.seed = 1;
  const Split a = SplitFit(one).decide(), b = SplitFit(two).decide();
  int differ = 0;
  for (int64_t key = 0; key < 1000; ++key) differ += a.fold(key * 7919, 0) != b.fold(key * 7919, 0);
  EXPECT_GT(differ, 200);
}

TEST(Split, StratifiedKeepsTheSharesOfARareClass) {
  std::mt19937_64 random(3);
  SplitFit fit(spec(R"({"random": true, "stratify": true, "validate": "20%", "test": "20%"})"));
  std::vector<std::pair<uint64_t, int>> rows;
  for (int i = 0; i < 10000; ++i) rows.emplace_back(random(), i % 100 == 0);
  for (const auto& [key, c] : rows) fit.observe(key, c);
  const Split split = fit.decide();
  int rare[3] = {0, 0, 0};
  for (const auto& [key, c] : rows) rare[split.fold(int64_t(key), c)] += c;
  EXPECT_NEAR(rare[1], 20, 1);
  EXPECT_NEAR(rare[2], 20, 1);
}

TEST(Split, TimeIsTheDefaultWhereThereIsOne) {
  EXPECT_EQ(SplitSpec::parse(nullptr, "t").by, SplitSpec::By::time);
  EXPECT_EQ(SplitSpec::parse(nullptr, "").by, SplitSpec::By::random);
  EXPECT_EQ(spec(R"({"test": "10%"})", "t").column, "t");
  EXPECT_EQ(spec(R"({"random": true})", "t").by, SplitSpec::By::random);
}

TEST(Split, RefusesWhatMakesNoSense) {
  for (const char* json :
       {R"({"tme": "t"})", R"({"time": "t", "group": "g"})", R"({"random": true, "test": "30d"})",
        R"({"test": "0%"})", R"({"test": "150%"})", R"({"test": "soon"})",
        R"({"group": "g", "stratify": true})", R"({"random": true, "gap": "1d"})", R"([])",
        R"({"time": 3})"}) {
    EXPECT_THROW(spec(json), Error) << json;
  }
  try {
    spec(R"({"tets": "15%"})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("test"), std::string::npos);
  }
  SplitFit fit(spec(R"({"time": "t", "validate": "1980-01-01", "test": "1975-01-01"})"));
  fit.observe(0, 0);
  EXPECT_THROW(fit.decide(), Error);
}

}  // namespace
}  // namespace gristmill
