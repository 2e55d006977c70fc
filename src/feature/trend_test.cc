#include "feature/trend.h"

#include <random>

#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Value = std::function<int64_t(int64_t day, uint64_t random)>;

// The verdict on values made from the day, over `days` days in random order.
std::string verdict(const Value& value, int64_t days, bool as_text = false, int chunks = 3) {
  std::mt19937_64 random(5);
  Trend trend;
  for (int c = 0; c < chunks; ++c) {
    TestRows rows({{"x", as_text ? Type::string : Type::int64}, {"day", Type::date}});
    for (int i = 0; i < 5000; ++i) {
      auto day = int64_t(random() % uint64_t(days));
      int64_t x = value(day, random());
      if (as_text)
        rows[0].append(std::string_view("v" + std::to_string(x)));
      else
        rows[0].append(x);
      rows[1].append_days(int32_t(15000 + day));
    }
    trend.observe(rows.batch().columns[0], rows.batch().columns[1]);
  }
  return trend.verdict();
}

TEST(Trend, WhatNeverComesBackMovesWithTime) {
  Value month = [](int64_t day, uint64_t) { return day / 30; };
  EXPECT_NE(verdict(month, 270), "");
  EXPECT_NE(verdict(month, 270, true), "");
  // Time zones: the first day of a month still belongs to the last for some rows.
  EXPECT_NE(verdict([](int64_t day, uint64_t r) { return (day - int64_t(r % 2)) / 30; }, 270), "");
  EXPECT_NE(verdict([](int64_t day, uint64_t r) { return day * 100 + int64_t(r % 100); }, 270), "");
  EXPECT_NE(verdict([](int64_t day, uint64_t) { return -day; }, 2000), "");
}

TEST(Trend, WhatReturnsDoesNot) {
  EXPECT_EQ(verdict([](int64_t day, uint64_t) { return day % 365 / 30; }, 800), "");  // years
  EXPECT_EQ(verdict([](int64_t day, uint64_t) { return day % 30; }, 270), "");
  EXPECT_EQ(verdict([](int64_t, uint64_t r) { return int64_t(r % 4); }, 270), "");
  EXPECT_EQ(verdict([](int64_t, uint64_t r) { return int64_t(r % 100000); }, 270), "");
  EXPECT_EQ(verdict([](int64_t, uint64_t r) { return int64_t(r % 1000 == 0); }, 270), "");
  EXPECT_EQ(verdict([](int64_t, uint64_t r) { return int64_t(r % 100000); }, 270, true), "");
  // A before and an after: what came after may go on.
  EXPECT_EQ(verdict([](int64_t day, uint64_t) { return day / 150; }, 270), "");
  EXPECT_EQ(verdict([](int64_t, uint64_t) { return 1; }, 270), "");
  // The price rises, but not with the day alone.
  EXPECT_EQ(verdict([](int64_t day, uint64_t r) { return day * 10 + int64_t(r % 2000); }, 270), "");
}

TEST(Trend, FewRowsProveNothing) {
  TestRows rows({{"x", Type::int64}, {"day", Type::date}});
  rows.row({"1", "2013-01-01"}).row({"2", "2013-01-02"}).row({"3", "2013-01-03"});
  rows.row({nullptr, "2013-01-01"}).row({"2", nullptr});
  Trend trend;
  trend.observe(rows.batch().columns[0], rows.batch().columns[1]);
  EXPECT_EQ(trend.verdict(), "");
  EXPECT_EQ(Trend().verdict(), "");
}

}  // namespace
}  // namespace gristmill
