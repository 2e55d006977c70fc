#include "sketch/distinct.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace gristmill {
namespace {

constexpr double bound = 0.054;  // what the header says

// Shapes of columns: the k-th of their different values.
struct Shape {
  const char* name;
  Type type;
  std::function<void(ColumnBuffer&, int64_t)> append;
};

std::vector<Shape> shapes() {
  return {
      {"whole numbers in a row", Type::int64, [](auto& out, int64_t k) { out.append(k); }},
      {"far apart", Type::int64, [](auto& out, int64_t k) { out.append(k * 1'000'000 - 7); }},
      {"negative", Type::int64, [](auto& out, int64_t k) { out.append(-k); }},
      {"high bits", Type::int64, [](auto& out, int64_t k) { out.append(k << 40); }},
      {"random", Type::int64,
       [](auto& out, int64_t k) { out.append(int64_t(std::mt19937_64(uint64_t(k))())); }},
      {"fractions", Type::float64, [](auto& out, int64_t k) { out.append(double(k) / 1024); }},
      {"cents", Type::float64, [](auto& out, int64_t k) { out.append(double(k) * 0.01); }},
      {"days", Type::date, [](auto& out, int64_t k) { out.append_days(int32_t(k)); }},
      {"hours", Type::timestamp, [](auto& out, int64_t k) { out.append(k * 3'600'000'000); }},
      {"numbered texts", Type::string,
       [](auto& out, int64_t k) { out.append(std::string_view("item" + std::to_string(k))); }},
      {"texts that end alike", Type::string,
       [](auto& out, int64_t k) {
         out.append(std::string_view(std::to_string(k) + "@a-long-name.example.org"));
       }},
  };
}

double error_of(const DistinctCount& count, int64_t truth) {
  return (double(count.estimate()) - double(truth)) / double(truth);
}

TEST(DistinctCount, IsExactWhileValuesAreFew) {
  for (const Shape& shape : shapes()) {
    for (const int64_t truth : {1, 2, 3, 100, 512}) {
      ColumnBuffer out(shape.type);
      for (int64_t i = 0; i < 5 * truth; ++i) shape.append(out, i % truth);
      out.append_null();
      DistinctCount count;
      count.observe(out.view());
      count.observe(out.view());
      EXPECT_EQ(count.estimate(), truth) << shape.name;
    }
  }
  EXPECT_EQ(DistinctCount().estimate(), 0);
}

TEST(DistinctCount, StaysWithinItsBound) {
  for (const Shape& shape : shapes()) {
    DistinctCount count;
    int64_t have = 0;
    for (const int64_t truth : {513, 1000, 3000, 10'000, 20'000, 50'000, 200'000, 1'000'000}) {
      ColumnBuffer out(shape.type);
      while (have < truth) shape.append(out, have++);
      count.observe(out.view());
      count.observe(out.view());  // again: nothing new
      EXPECT_LT(std::abs(error_of(count, truth)), bound) << shape.name << " " << truth;
    }
  }
}

// Over many columns the errors are as large as they should be, and on neither side.
TEST(DistinctCount, HasNoBias) {
  for (const int64_t truth : {600, 5000, 12'000, 30'000}) {
    double sum = 0, squares = 0;
    constexpr int columns = 200;
    for (int c = 0; c < columns; ++c) {
      ColumnBuffer out(Type::int64);
      for (int64_t k = 0; k < truth; ++k) out.append(int64_t(c) * 10'000'000 + k);
      DistinctCount count;
      count.observe(out.view());
      const double error = error_of(count, truth);
      sum += error;
      squares += error * error;
    }
    EXPECT_LT(std::abs(sum / columns), 0.005) << truth;
    EXPECT_LT(std::sqrt(squares / columns), 0.02) << truth;
  }
}

TEST(DistinctCount, HowItIsMergedIsAllTheSame) {
  for (const int64_t values : {100, 700, 20'000}) {
    DistinctCount whole, left, right;
    for (int part = 0; part < 4; ++part) {
      ColumnBuffer out(Type::int64);
      for (int64_t k = part * values / 5; k < (part + 2) * values / 5; ++k) out.append(k);
      whole.observe(out.view());
      DistinctCount one;
      one.observe(out.view());
      left.merge(one);
      one.merge(right);
      right = one;
    }
    EXPECT_EQ(left.estimate(), whole.estimate());
    EXPECT_EQ(right.estimate(), whole.estimate());
    left.merge(DistinctCount());
    EXPECT_EQ(left.estimate(), whole.estimate());
  }
}

}  // namespace
}  // namespace gristmill
