// What is warned of before scores are believed: columns that tell the target, copies, drift.
#include <gtest/gtest.h>

#include <random>

#include "learn/copies.h"
#include "learn/drift.h"
#include "learn/telltale.h"
#include "learn/test_dataset.h"

namespace gristmill {
namespace {

std::mt19937 random_numbers(1);
double normal() { return std::normal_distribution<double>(0, 1)(random_numbers); }

using Make = std::function<double(int64_t i, float* floats, int32_t* codes)>;

// Three floats and a code of four levels; 3000 training rows, 1000 test rows.
TestDataset rows_of(Problem problem, const Make& make, const Make& make_test = {}) {
  TestDataset data(problem, problem == Problem::multiclass ? 3 : 2, 3, {6});
  data.add(Fold::train, 3000, make);
  data.add(Fold::validate, 10, make);
  data.add(Fold::test, 1000, make_test ? make_test : make);
  return data;
}

void fill_by_chance(float* floats, int32_t* codes) {
  for (int j = 0; j < 3; ++j) floats[j] = float(normal());
  codes[0] = 2 + int32_t(random_numbers() % 4);
}

double noisy_answer(Problem problem, const float* floats) {
  const double value = floats[0] + floats[1] + normal();
  return problem == Problem::regression ? value
         : problem == Problem::binary   ? value > 0
                                        : (value > -0.5) + (value > 0.5);
}

constexpr Problem problems[] = {Problem::regression, Problem::binary, Problem::multiclass};

TEST(Telltale, IsSilentOfColumnsThatHelp) {
  for (const Problem problem : problems) {
    const TestDataset data = rows_of(problem, [&](int64_t, float* floats, int32_t* codes) {
      fill_by_chance(floats, codes);
      return noisy_answer(problem, floats);
    });
    EXPECT_EQ(telltale_columns(data, false, 2), std::vector<std::string>{});
  }
}

TEST(Telltale, NamesTheColumnThatKnows) {
  for (const Problem problem : problems) {
    const TestDataset number = rows_of(problem, [&](int64_t, float* floats, int32_t* codes) {
      fill_by_chance(floats, codes);
      const double target = noisy_answer(problem, floats);
      floats[2] = float(target * target * target + 0.001 * normal());
      return target;
    });
    const auto found = telltale_columns(number, false, 2);
    ASSERT_EQ(found.size(), 1);
    EXPECT_EQ(found[0].rfind("x2 alone tells the target (", 0), 0) << found[0];
    EXPECT_NE(found[0].find("`exclude`"), std::string::npos);
    EXPECT_EQ(found, telltale_columns(number, true, 7));
    if (problem == Problem::regression) continue;
    const TestDataset level = rows_of(problem, [&](int64_t, float* floats, int32_t* codes) {
      fill_by_chance(floats, codes);
      const double target = noisy_answer(problem, floats);
      codes[0] = 1 + int32_t(target) * 2;
      return target;
    });
    ASSERT_EQ(telltale_columns(level, false, 2).size(), 1);
    EXPECT_EQ(telltale_columns(level, false, 2)[0].rfind("c0 alone", 0), 0);
  }
}

TEST(Telltale, ThatACellIsMissingCanTell) {
  const TestDataset data = rows_of(Problem::binary, [](int64_t, float* floats, int32_t* codes) {
    fill_by_chance(floats, codes);
    const double target = noisy_answer(Problem::binary, floats);
    if (target == 1) floats[2] = NAN;
    return target;
  });
  ASSERT_EQ(telltale_columns(data, false, 2).size(), 1);
}

TEST(Telltale, WhereTheTaskIsEasyNoColumnStandsOut) {
  const TestDataset data = rows_of(Problem::binary, [](int64_t, float* floats, int32_t* codes) {
    const double target = random_numbers() % 2;
    for (int j = 0; j < 3; ++j) floats[j] = float(2.9 * target + normal() * (j == 0 ? 0.9 : 1));
    codes[0] = 2;
    return target;
  });
  EXPECT_EQ(telltale_columns(data, false, 2), std::vector<std::string>{});
}

TEST(Telltale, NamesAnIdentifierThatFollowsTheOrder) {
  const TestDataset data = rows_of(Problem::binary, [](int64_t i, float* floats, int32_t* codes) {
    fill_by_chance(floats, codes);
    floats[1] = float(10 * i + 3);
    return double((i < 1500) == (random_numbers() % 20 > 0));
  });
  const auto found = telltale_columns(data, false, 2);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].rfind("the order of the rows tells the target (AUC 0.9", 0), 0) << found[0];
  EXPECT_NE(found[0].find("x1 follows it"), std::string::npos);
  EXPECT_TRUE(telltale_columns(data, true, 2).empty());
}

TEST(Copies, AreToldByTheirShare) {
  std::vector<std::vector<float>> seen;
  std::vector<double> answers;
  const TestDataset data = rows_of(
      Problem::binary,
      [&](int64_t, float* floats, int32_t* codes) {
        fill_by_chance(floats, codes);
        codes[0] = 2;
        seen.push_back({floats, floats + 3});
        answers.push_back(noisy_answer(Problem::binary, floats));
        return answers.back();
      },
      [&](int64_t i, float* floats, int32_t* codes) {
        fill_by_chance(floats, codes);
        codes[0] = 2;
        if (i % 5 > 0) return noisy_answer(Problem::binary, floats);
        std::copy(seen[size_t(2 * i)].begin(), seen[size_t(2 * i)].end(), floats);
        return answers[size_t(2 * i)];
      });
  const std::vector<bool> all(data.info().layout.specs.size());
  EXPECT_EQ(copies_warning(data, all, 2).rfind("20.0 % of the test rows are copies", 0), 0)
      << copies_warning(data, all, 2);
  EXPECT_EQ(copies_warning(data, all, 2), copies_warning(data, all, 7));
  EXPECT_EQ(copies_warning(data, std::vector<bool>(all.size(), true), 2), "");
}

TEST(Copies, AreNotWhatChanceMakes) {
  const std::vector<bool> all(4);
  auto fresh = [](int64_t, float* floats, int32_t* codes) {
    fill_by_chance(floats, codes);
    return noisy_answer(Problem::binary, floats);
  };
  EXPECT_EQ(copies_warning(rows_of(Problem::binary, fresh), all, 2), "");
  // A few values a column: rows meet, and say the same.
  auto coarse = [](int64_t, float* floats, int32_t* codes) {
    fill_by_chance(floats, codes);
    for (int j = 0; j < 3; ++j) floats[j] = float(random_numbers() % 7);
    return double(floats[0] > 3);
  };
  EXPECT_EQ(copies_warning(rows_of(Problem::binary, coarse), all, 2), "");
  // One column of many values makes rows meet whose answers differ.
  auto places = [](int64_t, float* floats, int32_t* codes) {
    for (int j = 0; j < 3; ++j) floats[j] = 0;
    floats[0] = floats[1] = float(random_numbers() % 5000);
    codes[0] = 2;
    return double(random_numbers() % 2);
  };
  EXPECT_EQ(copies_warning(rows_of(Problem::binary, places), all, 2), "");
}

TEST(Drift, NamesTheColumnThatMoved) {
  auto make = [](double shift) {
    return [shift](int64_t, float* floats, int32_t* codes) {
      fill_by_chance(floats, codes);
      floats[1] += float(shift);
      return noisy_answer(Problem::regression, floats);
    };
  };
  const TestDataset moved = rows_of(Problem::regression, make(0), make(1));
  const nlohmann::json found = find_drift(moved, std::vector<bool>(4), 2);
  ASSERT_TRUE(found.is_object());
  EXPECT_NEAR(found["auc"].get<double>(), 0.74, 0.04);  // at best Φ(1/√2), 0.76
  EXPECT_LT(found["interval"][0], found["auc"]);
  EXPECT_EQ(found["columns"][0]["column"], "x1");
  EXPECT_EQ(found, find_drift(moved, std::vector<bool>(4), 7));
  EXPECT_TRUE(find_drift(moved, {false, true, false, false}, 2).is_null());
  EXPECT_TRUE(find_drift(moved, std::vector<bool>(4, true), 2).is_null());
}

// Values that hold for a day each tell the day, but not whether test days are others.
TEST(Drift, RowsOfOneDayAreKeptTogether) {
  const TestDataset data =
      rows_of(Problem::regression, [](int64_t i, float* floats, int32_t* codes) {
        static float of_day = 0;
        if (i % 25 == 0) of_day = float(normal());
        fill_by_chance(floats, codes);
        floats[2] = of_day;
        return noisy_answer(Problem::regression, floats);
      });
  EXPECT_TRUE(find_drift(data, std::vector<bool>(4), 2).is_null());
}

TEST(Drift, IsSilentOfChance) {
  for (int trial = 0; trial < 5; ++trial) {
    const TestDataset same =
        rows_of(Problem::regression, [](int64_t, float* floats, int32_t* codes) {
          fill_by_chance(floats, codes);
          return noisy_answer(Problem::regression, floats);
        });
    EXPECT_TRUE(find_drift(same, std::vector<bool>(4), 2).is_null());
  }
}

}  // namespace
}  // namespace gristmill
