#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "base/error.h"
#include "sketch/frequent.h"
#include "sketch/hash.h"
#include "sketch/moments.h"
#include "sketch/quantiles.h"

namespace gristmill {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

ColumnBuffer numbers(const std::vector<double>& values) {
  ColumnBuffer out(Type::float64);
  for (double value : values) out.append(value);
  return out;
}

std::vector<double> random_values(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> distribution(2, 1.5);
  std::vector<double> values(n);
  for (double& value : values) value = distribution(random);
  return values;
}

// A text column whose k-th value is about 1/k as frequent as the first.
ColumnBuffer skewed_text(size_t n, uint64_t seed, std::map<std::string, int64_t>* truth) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  ColumnBuffer out(Type::string);
  for (size_t i = 0; i < n; ++i) {
    std::string text = "item" + std::to_string(int64_t(std::exp(uniform(random) * 12)));
    out.append(std::string_view(text));
    if (truth) ++(*truth)[text];
  }
  return out;
}

// Observing chunks one by one is merging sketches of each, to the last bit.
template <class Sketch, class Make>
void expect_merge_is_observe(const Sketch& empty, Make&& chunk) {
  Sketch whole = empty, merged = empty;
  for (int i = 0; i < 5; ++i) {
    ColumnBuffer buffer = chunk(i);
    whole.observe(buffer.view());
    Sketch part = empty;
    part.observe(buffer.view());
    merged.merge(part);
    merged.merge(empty);
  }
  if constexpr (std::is_same_v<Sketch, FrequentItems>) {
    EXPECT_EQ(whole.total(), merged.total());
    EXPECT_EQ(whole.by_item(), merged.by_item());
  } else {
    EXPECT_TRUE(whole == merged);
  }
}

TEST(Moments, CountsWhatIsNotANumberApart) {
  ColumnBuffer column = numbers({3, nan_value, -1, inf, 7});
  column.append_null();
  Moments moments;
  moments.observe(column.view());
  EXPECT_EQ(moments.count, 3);
  EXPECT_EQ(moments.nulls, 1);
  EXPECT_EQ(moments.not_finite, 2);
  EXPECT_DOUBLE_EQ(moments.mean, 3);
  EXPECT_DOUBLE_EQ(moments.variance(), 32.0 / 3);
  EXPECT_EQ(moments.min, -1);
  EXPECT_EQ(moments.max, 7);
}

TEST(Moments, AgreeWithLongSums) {
  for (size_t n : {1, 7, 1024, 1025, 70000}) {
    std::vector<double> values = random_values(n, n);
    for (double& value : values) value += 1e6;  // far from 0: naive sums of squares would fail
    long double sum = std::accumulate(values.begin(), values.end(), 0.0L), squares = 0;
    for (double value : values) squares += (value - sum / n) * (value - sum / n);
    Moments moments;
    moments.observe(numbers(values).view());
    EXPECT_NEAR(moments.mean, double(sum / n), 1e-7);
    EXPECT_NEAR(moments.variance(), double(squares / n), 1e-9 * double(squares / n) + 1e-12);
  }
}

TEST(Moments, ConstantColumnHasNoVariance) {
  Moments moments;
  for (int chunk = 0; chunk < 3; ++chunk)
    moments.observe(numbers(std::vector<double>(5000, 0.1)).view());
  EXPECT_EQ(moments.variance(), 0);
  EXPECT_EQ(moments.mean, 0.1);
  EXPECT_TRUE(moments.constant());
}

TEST(Moments, MergingIsObserving) {
  expect_merge_is_observe(Moments(), [](int i) { return numbers(random_values(3000, i)); });
}

TEST(Moments, EveryTypeOfNumber) {
  ColumnBuffer flags(Type::boolean), days(Type::date), whole(Type::int64);
  for (int i = 0; i < 100; ++i) {
    flags.append(i % 4 == 0);
    days.append_days(i);
    i % 2 ? whole.append_null() : whole.append(int64_t(i));
  }
  Moments moments;
  moments.observe(flags.view());
  EXPECT_DOUBLE_EQ(moments.mean, 0.25);
  moments = {};
  moments.observe(days.view());
  EXPECT_DOUBLE_EQ(moments.mean, 49.5);
  moments = {};
  moments.observe(whole.view());
  EXPECT_DOUBLE_EQ(moments.mean, 49);
  EXPECT_EQ(moments.nulls, 50);
}

TEST(Quantiles, ExactWhileFewAndInterpolated) {
  Quantiles sketch(100);
  EXPECT_TRUE(std::isnan(sketch.quantile(0.5)));
  sketch.observe(numbers({4, 1, nan_value, 3, 2}).view());
  EXPECT_EQ(sketch.quantile(0), 1);
  EXPECT_EQ(sketch.quantile(1), 4);
  EXPECT_DOUBLE_EQ(sketch.quantile(0.5), 2.5);
  EXPECT_DOUBLE_EQ(sketch.quantile(0.25), 1.75);  // as numpy.quantile
}

TEST(Quantiles, RankErrorIsBounded) {
  for (int shape = 0; shape < 4; ++shape) {
    std::vector<double> values = random_values(400000, 11 + shape);
    if (shape == 1) std::sort(values.begin(), values.end());
    if (shape == 2) std::sort(values.rbegin(), values.rend());
    if (shape == 3)
      for (double& value : values) value = std::floor(value);
    Quantiles sketch(1024);
    for (size_t at = 0; at < values.size(); at += 65536)
      sketch.observe(std::span(values).subspan(at, std::min<size_t>(65536, values.size() - at)));
    EXPECT_EQ(sketch.count(), int64_t(values.size()));
    std::sort(values.begin(), values.end());
    for (double share : {0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1.0}) {
      double answer = sketch.quantile(share);
      auto low = std::lower_bound(values.begin(), values.end(), answer) - values.begin();
      auto high = std::upper_bound(values.begin(), values.end(), answer) - values.begin();
      double n = double(values.size()), slack = 2.3 / std::pow(1024, 0.9) * n;
      EXPECT_LE(double(low), share * n + slack) << shape << " " << share;
      EXPECT_GE(double(high), share * n - slack) << shape << " " << share;
    }
  }
}

TEST(Quantiles, MergingIsObserving) {
  expect_merge_is_observe(Quantiles(64), [](int i) { return numbers(random_values(9000, i)); });
  expect_merge_is_observe(Quantiles(64), [](int) { return numbers({}); });
}

TEST(Hash, EqualNumbersHashEqually) {
  EXPECT_EQ(hash_number(int64_t(5)), hash_number(5.0));
  EXPECT_EQ(hash_number(0.0), hash_number(-0.0));
  EXPECT_EQ(hash_number(nan_value), hash_number(-nan_value));
  EXPECT_NE(hash_number(5.5), hash_number(int64_t(5)));
  EXPECT_NE(hash_number(INT64_MAX), hash_number(9223372036854775808.0));
  // Part of the format of bundles.
  EXPECT_EQ(hash64(""), 0xf4471e00a97ff241ULL);
  EXPECT_EQ(hash64("gristmill, 25 bytes long."), 0xf19309959e378c12ULL);
  EXPECT_EQ(hash_number(int64_t(42)), 0x4d7300e5fda00f48ULL);
  EXPECT_EQ(combine64(1, 2), 0x895f52784ac9f4eULL);
  EXPECT_NE(hash64(std::string_view("\0", 1)), hash64(""));
}

TEST(FrequentItems, ExactWhileFew) {
  std::map<std::string, int64_t> truth;
  FrequentItems sketch;
  sketch.observe(skewed_text(30000, 5, &truth).view());
  EXPECT_EQ(sketch.total(), 30000);
  std::map<std::string, int64_t> counts;
  for (const auto& item : sketch.by_item()) counts[item.item] = item.count;
  EXPECT_EQ(counts, truth);
  auto items = sketch.by_count();
  for (size_t i = 1; i < items.size(); ++i) {
    EXPECT_TRUE(items[i - 1].count > items[i].count ||
                (items[i - 1].count == items[i].count && items[i - 1].item < items[i].item));
  }
}

TEST(FrequentItems, KeepsTheFrequentAmongMany) {
  std::map<std::string, int64_t> truth;
  FrequentItems sketch(500);
  for (uint64_t chunk = 0; chunk < 8; ++chunk)
    sketch.observe(skewed_text(40000, chunk, &truth).view());
  EXPECT_EQ(sketch.total(), 320000);
  std::map<std::string, int64_t> counts;
  for (const auto& item : sketch.by_item()) counts[item.item] = item.count;
  EXPECT_LT(counts.size(), truth.size());
  for (const auto& [text, count] : truth) {
    EXPECT_LE(counts[text], count);
    EXPECT_GE(counts[text], count - sketch.total() / 500);
  }
}

TEST(FrequentItems, MergingIsObserving) {
  expect_merge_is_observe(FrequentItems(100),
                          [](int i) { return skewed_text(3000, uint64_t(i), nullptr); });
  expect_merge_is_observe(FrequentItems(),
                          [](int i) { return skewed_text(3000, uint64_t(i), nullptr); });
}

TEST(Items, SortAsTheirValuesDoAndComeBack) {
  ColumnBuffer doubles = numbers({-inf, -2.5, -1e-300, 0, 1e-300, 3, 1e300, inf, nan_value});
  ColumnBuffer whole(Type::int64), days(Type::date);
  for (int64_t v : {INT64_MIN, int64_t(-3), int64_t(0), int64_t(9), INT64_MAX}) whole.append(v);
  for (int32_t v : {INT32_MIN, -1, 0, INT32_MAX}) days.append_days(v);
  for (const ColumnBuffer* buffer : {&doubles, &whole, &days}) {
    Column column = buffer->view();
    std::string last;
    ColumnBuffer back(column.type);
    for (int64_t i = 0; i < column.length; ++i) {
      std::string item;
      append_item(column, i, item);
      if (i > 0) {
        EXPECT_LT(last, item) << i;
      }
      append_value(back, item);
      EXPECT_EQ(hash_cell(back.view(), i), hash_cell(column, i));
      last = item;
    }
  }
  ColumnBuffer wrong(Type::int64);
  EXPECT_THROW(append_value(wrong, "abc"), Error);
}

}  // namespace
}  // namespace gristmill
