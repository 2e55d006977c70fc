#include "frame/column.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/error.h"
#include "frame/cell.h"
#include "frame/scratch.h"

namespace gristmill {
namespace {

constexpr Type all_types[] = {Type::boolean, Type::int64,     Type::float64,    Type::string,
                              Type::date,    Type::timestamp, Type::timestamptz};

void append_random(ColumnBuffer& column, std::mt19937_64& random, bool nulls) {
  if (nulls && random() % 3 == 0) return column.append_null();
  switch (column.type()) {
    case Type::boolean:
      return column.append(random() % 2 == 0);
    case Type::float64:
      return column.append(double(int64_t(random())));
    case Type::date:
      return column.append_days(int32_t(random() % 100'000) - 50'000);
    case Type::string:
      return column.append(std::string_view("abcdefghij").substr(random() % 10));
    default:
      return column.append(int64_t(random() % (uint64_t(1) << 50)));
  }
}

std::string row(const Column& column, int64_t i) {
  return column.is_null(i) ? "null" : cell_text(column, i);
}

class Columns : public testing::TestWithParam<Type> {
 protected:
  std::mt19937_64 random_{7};
  ColumnBuffer random_column(int64_t rows, bool nulls) {
    ColumnBuffer column(GetParam());
    for (int64_t i = 0; i < rows; ++i) append_random(column, random_, nulls);
    return column;
  }
};

TEST_P(Columns, AppendsRangesOfOthers) {
  for (int round = 0; round < 300; ++round) {
    ColumnBuffer from = random_column(int64_t(random_() % 200), random_() % 2);
    ColumnBuffer to = random_column(int64_t(random_() % 40), random_() % 2);
    Column source = from.view();
    std::vector<std::string> expected;
    for (int64_t i = 0; i < to.length(); ++i) expected.push_back(row(to.view(), i));
    int64_t begin = int64_t(random_() % uint64_t(source.length + 1));
    int64_t count = int64_t(random_() % uint64_t(source.length - begin + 1));
    to.append(source, begin, count);
    for (int64_t i = begin; i < begin + count; ++i) expected.push_back(row(source, i));
    append_random(to, random_, false);
    Column result = to.view();
    ASSERT_EQ(result.length, int64_t(expected.size()) + 1);
    int64_t nulls = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(row(result, int64_t(i)), expected[i]);
      nulls += expected[i] == "null";
    }
    ASSERT_EQ(result.null_count(), nulls);
    ASSERT_FALSE(result.is_null(result.length - 1));
  }
}

TEST_P(Columns, AppendsSelectedRows) {
  for (int round = 0; round < 100; ++round) {
    ColumnBuffer from = random_column(int64_t(random_() % 300), random_() % 2);
    std::vector<uint8_t> keep(size_t(from.length() + 7) / 8 + 1);
    for (uint8_t& byte : keep) {
      uint64_t kind = random_() % 3;
      byte = kind == 0 ? 0 : kind == 1 ? 0xff : uint8_t(random_());
    }
    ColumnBuffer to(GetParam());
    to.append_selected(from.view(), keep.data());
    int64_t at = 0;
    for (int64_t i = 0; i < from.length(); ++i)
      if (get_bit(keep.data(), i)) {
        ASSERT_LT(at, to.length());
        ASSERT_EQ(row(to.view(), at++), row(from.view(), i));
      }
    ASSERT_EQ(at, to.length());
  }
}

TEST_P(Columns, ReuseForgetsTheOldRows) {
  ColumnBuffer column = random_column(100, true);
  size_t memory = column.memory();
  column.clear();
  EXPECT_EQ(column.length(), 0);
  EXPECT_EQ(column.view().null_count(), 0);
  append_random(column, random_, false);
  EXPECT_FALSE(column.view().is_null(0));
  EXPECT_EQ(column.memory(), memory);
}

TEST_P(Columns, EmptyViewsAreSafe) {
  ColumnBuffer column(GetParam()), to(GetParam());
  to.append(column.view(), 0, 0);
  to.append_selected(column.view(), nullptr);
  EXPECT_EQ(to.length(), 0);
  ColumnBuffer fresh;
  EXPECT_EQ(fresh.view().offsets[0], 0);
}

INSTANTIATE_TEST_SUITE_P(Types, Columns, testing::ValuesIn(all_types),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(ColumnBuffer, ResizeGivesValuesToWrite) {
  ColumnBuffer column(Type::float64);
  column.append_null();
  double* values = column.resize<double>(20);
  for (int i = 0; i < 20; ++i) values[i] = i;
  EXPECT_EQ(column.view().validity, nullptr);
  clear_bit(column.validity(), 3);
  EXPECT_EQ(column.view().null_count(), 1);
  EXPECT_TRUE(column.view().is_null(3));
  column.append(20.0);
  EXPECT_EQ(column.view().length, 21);
  EXPECT_EQ(column.view().values<double>()[20], 20);
  EXPECT_FALSE(column.view().is_null(20));

  ColumnBuffer flags(Type::boolean);
  for (int i = 0; i < 9; ++i) flags.append(true);
  uint8_t* bits = flags.resize<uint8_t>(9);
  EXPECT_EQ(bits[0], 0);
  set_bit(bits, 8);
  EXPECT_TRUE(flags.view().boolean(8));
  flags.copy_validity(column.view().length == 9 ? column.view() : flags.view());
  EXPECT_EQ(flags.view().null_count(), 0);
}

TEST(ColumnBuffer, CopiesValidity) {
  ColumnBuffer from(Type::int64), to(Type::int64);
  for (int i = 0; i < 13; ++i) i % 4 ? from.append(int64_t(i)) : from.append_null();
  to.resize<int64_t>(13);
  to.copy_validity(from.view());
  EXPECT_EQ(to.view().null_count(), 4);
  ColumnBuffer full(Type::int64);
  full.resize<int64_t>(13);
  to.copy_validity(full.view());
  EXPECT_EQ(to.view().null_count(), 0);
}

TEST(ColumnBuffer, AppendsATextAgainWhereverItMovesTo) {
  ColumnBuffer column(Type::string);
  column.append(std::string_view("a text that is not short"));
  column.append_null();
  for (int64_t i = 0; i < 1000; ++i) column.append_again(i % 2);
  for (int64_t i = 2; i < 1002; ++i) {
    EXPECT_EQ(column.string(i), i % 2 == 0 ? "a text that is not short" : "");
    EXPECT_EQ(column.view().string(i), column.string(i));
  }
  EXPECT_EQ(column.view().null_count(), 1);
}

TEST(ColumnBuffer, RefusesTooMuchText) {
  ColumnBuffer column(Type::string);
  std::string cell = "x";
  // Offsets that claim more than there is: it must be refused before it is read.
  int32_t offsets[2] = {0, INT32_MAX};
  Column huge{.type = Type::string, .length = 1, .data = cell.data(), .offsets = offsets};
  column.append(std::string_view("x"));
  try {
    column.append(huge, 0, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
  EXPECT_EQ(column.length(), 1);
}

TEST(Scratch, HandsOutTheSameAgain) {
  Scratch scratch;
  ColumnBuffer* first = &scratch.column(Type::int64);
  ColumnBuffer* second = &scratch.column(Type::string);
  double* values = scratch.values<double>(100);
  values[99] = 1;
  second->append(std::string_view("x"));
  scratch.errors.push_back({1, "a", "b"});
  scratch.clear();
  EXPECT_TRUE(scratch.errors.empty());
  EXPECT_EQ(&scratch.column(Type::int64), first);
  EXPECT_EQ(&scratch.column(Type::string), second);
  EXPECT_EQ(second->length(), 0);
  EXPECT_EQ(scratch.values<double>(100), values);
}

}  // namespace
}  // namespace gristmill
