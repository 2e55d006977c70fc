#include "learn/split.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// The fold of each of some rows in each of the splits that `json` asks for.
std::vector<std::vector<int>> folds_of(const std::string& json,
                                       const std::vector<std::pair<uint64_t, int>>& rows) {
  SplitSpec asked = spec(json);
  std::vector<std::vector<int>> out;
  for (asked.number = 0; asked.number < asked.splits(); ++asked.number) {
    SplitFit fit(asked);
    for (const auto& [value, c] : rows) fit.observe(value, c);
    const Split split = fit.decide();
    std::vector<int>& of = out.emplace_back();
    for (const auto& [value, c] : rows) of.push_back(split.fold(int64_t(value), c));
  }
  return out;
}

std::vector<std::pair<uint64_t, int>> random_rows(int count) {
  std::mt19937_64 random(3);
  std::vector<std::pair<uint64_t, int>> rows;
  for (int i = 0; i < count; ++i) rows.emplace_back(random(), i % 50 == 0);
  return rows;
}

TEST(Split, EachRowTestsOnceAndValidatesOnceInEachRepeat) {
  const auto rows = random_rows(5000);
  const auto folds = folds_of(R"({"folds": 5, "repeats": 3})", rows);
  ASSERT_EQ(folds.size(), 15u);
  int moved = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<int> tested;
    for (int repeat = 0; repeat < 3; ++repeat) {
      std::array<int, 3> times{};
      for (int fold = 0; fold < 5; ++fold) {
        const int is = folds[size_t(repeat * 5 + fold)][row];
        ++times[size_t(is)];
        if (is == int(Fold::test)) tested.push_back(fold);
      }
      EXPECT_EQ(times, (std::array<int, 3>{3, 1, 1}));
    }
    moved += tested[0] != tested[1];
  }
  EXPECT_NEAR(moved, 4000, 120);  // repeats are dealt out anew: one in five stays by chance
  for (const auto& fold : folds) EXPECT_NEAR(std::count(fold.begin(), fold.end(), 2), 1000, 120);
}

TEST(Split, StratifiedFoldsShareARareClassOut) {
  const auto rows = random_rows(5000);
  for (const auto& fold : folds_of(R"({"folds": 4, "stratify": true, "repeats": 2})", rows)) {
    int rare = 0;
    for (size_t row = 0; row < rows.size(); ++row) rare += fold[row] == 2 && rows[row].second == 1;
    EXPECT_NEAR(rare, 25, 1);
  }
}

// Days 0 to 99, one row each.
std::vector<std::pair<uint64_t, int>> days() {
  std::vector<std::pair<uint64_t, int>> rows;
  for (int64_t d = 0; d < 100; ++d) rows.emplace_back(uint64_t(d * day), 0);
  return rows;
}

TEST(Split, RollingOriginTestsOnWhatCameNext) {
  for (const char* json :
       {R"({"time": "t", "folds": 3, "test": "10%", "validate": "20%", "gap": "1d"})",
        R"({"time": "t", "folds": 3, "test": "10d", "validate": "20d", "gap": "1d"})"}) {
    const auto folds = folds_of(json, days());
    ASSERT_EQ(folds.size(), 3u);
    for (int number = 0; number < 3; ++number) {
      for (int d = 0; d < 100; ++d) {
        const int end = 100 - 10 * number;  // of the test rows
        const int expected = d >= end                         ? -1
                             : d >= end - 10                  ? 2
                             : d == end - 11 || d == end - 31 ? -1
                             : d >= end - 30                  ? 1
                                                              : 0;
        EXPECT_EQ(folds[size_t(number)][size_t(d)], expected) << json << number << " " << d;
      }
    }
  }
}

TEST(Split, FoldsBeforeAllRowsAreTold) {
  SplitFit fit(spec(R"({"time": "t", "folds": 9, "test": "10d", "validate": "10d"})"));
  for (const auto& [value, c] : days()) fit.observe(value, c);
  try {
    fit.decide();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("the first of 9 folds"), std::string::npos) << error.message();
  }
}

TEST(Split, AllRowsTrainWhereThatIsAsked) {
  for (const char* json : {R"({"time": "t", "gap": "3d"})", R"({"stratify": true})",
                           R"({"group": "g", "folds": 5})"}) {
    SplitSpec asked = spec(json);
    asked.number = SplitSpec::all_rows;
    SplitFit fit(asked);
    for (const auto& [value, c] : days()) fit.observe(value, c);
    const Split split = fit.decide();
    for (const auto& [value, c] : days()) EXPECT_EQ(split.fold(int64_t(value), c), 0);
    EXPECT_TRUE(split.json().contains("all_rows"));
  }
}

TEST(Split, RefusesWhatMakesNoSense) {
  for (const char* json :
       {R"({"tme": "t"})", R"({"time": "t", "group": "g"})", R"({"random": true, "test": "30d"})",
        R"({"test": "0%"})", R"({"test": "150%"})", R"({"test": "soon"})",
        R"({"group": "g", "stratify": true})", R"({"random": true, "gap": "1d"})", R"([])",
        R"({"time": 3})", R"({"folds": 1})", R"({"folds": 2})", R"({"folds": 2.5})",
        R"({"folds": 1000})", R"({"repeats": 2})", R"({"folds": 5, "test": "10%"})",
        R"({"folds": 5, "validate": "10%"})", R"({"time": "t", "folds": 3, "repeats": 2})",
        R"({"time": "t", "folds": 3, "validate": "2013-01-01"})"}) {
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
