// Expressions over rows of edge cases, answered by us and by DuckDB: what tests of binding share.
#pragma once

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing.h"
#include "expr/op.h"
#include "table/test_duck.h"

namespace gristmill::testing_bind {

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
inline constexpr int64_t lowest = std::numeric_limits<int64_t>::min();
inline constexpr int64_t highest = std::numeric_limits<int64_t>::max();

inline const Schema& test_schema() {
  static const Schema schema({{"a", Type::int64},
                              {"a2", Type::int64},
                              {"b", Type::float64},
                              {"b2", Type::float64},
                              {"s", Type::string},
                              {"s2", Type::string},
                              {"f", Type::boolean},
                              {"f2", Type::boolean},
                              {"d", Type::date},
                              {"ts", Type::timestamp},
                              {"tz", Type::timestamptz},
                              {"n", Type::int64}});
  return schema;
}

inline const std::vector<int64_t> edge_integers = {0,
                                                   0,
                                                   1,
                                                   -1,
                                                   2,
                                                   3,
                                                   -7,
                                                   10,
                                                   12355,
                                                   -15,
                                                   127,
                                                   128,
                                                   -129,
                                                   32768,
                                                   lowest,
                                                   lowest + 1,
                                                   highest,
                                                   highest - 1,
                                                   2147483647,
                                                   2147483648,
                                                   -2147483649,
                                                   1LL << 53,
                                                   (1LL << 53) + 1,
                                                   4611686018427387904};
inline const std::vector<double> edge_reals = {0.0,
                                               -0.0,
                                               1.0,
                                               -1.0,
                                               0.5,
                                               1.5,
                                               2.5,
                                               -2.5,
                                               0.1,
                                               1e16,
                                               1e15,
                                               123456789.125,
                                               -1e-5,
                                               1e-4,
                                               5e-324,
                                               -2.2e-308,
                                               1e308,
                                               -1e308,
                                               nan_value,
                                               inf,
                                               -inf,
                                               0x1p63,
                                               -0x1p63,
                                               9223372036854774784.0,
                                               0.49999999999999994,
                                               3.0,
                                               -7.25,
                                               1e20};
inline const std::vector<std::string> edge_texts = {"",
                                                    " 12 ",
                                                    "1e5",
                                                    "abc",
                                                    "1",
                                                    "0",
                                                    "-5",
                                                    "+7",
                                                    "1.5",
                                                    "2.5",
                                                    "-0",
                                                    "nan",
                                                    "-inf",
                                                    "true",
                                                    "F",
                                                    "yes",
                                                    "No",
                                                    " true",
                                                    "1_000",
                                                    "0x1F",
                                                    "9223372036854775808",
                                                    "-9223372036854775808",
                                                    "1e400",
                                                    "Ä",
                                                    "a\nb",
                                                    "1e-400",
                                                    "127.5",
                                                    "32767.4",
                                                    "x",
                                                    "abd"};

template <class T>
const T& pick(std::mt19937_64& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

inline void fill_row(std::mt19937_64& random, BatchBuffer& rows) {
  for (size_t c = 0; c < rows.schema().size(); ++c) {
    ColumnBuffer& column = rows[c];
    if (rows.schema()[c].name == "n" || random() % 8 == 0) {
      column.append_null();
      continue;
    }
    const bool edge = random() % 3 != 0;
    const int64_t small = static_cast<int64_t>(random() % 41) - 20;
    switch (column.type()) {
      case Type::boolean:
        column.append(random() % 2 == 0);
        break;
      case Type::int64:
        column.append(edge ? pick(random, edge_integers) : small);
        break;
      case Type::float64:
        column.append(edge ? pick(random, edge_reals) : double(small) / 4);
        break;
      case Type::string:
        column.append(std::string_view(edge ? pick(random, edge_texts) : std::to_string(small)));
        break;
      case Type::date:
        column.append_days(edge ? pick<int32_t>(random, {0, -1, 15706, 15979, 2147483647,
                                                         -2147483647, 100'000'000, -2'000'000})
                                : int32_t(15706 + small));
        break;
      default:
        column.append(edge
                          ? pick<int64_t>(random, {0, -1, 15706 * 86'400'000'000, highest, -highest,
                                                   15979 * 86'400'000'000, 86'399'999'999})
                          : int64_t((15706 + small) * 86'400'000'000 + small));
    }
  }
}

class BindTest : public ::testing::Test {
 protected:
  void fill(int64_t rows, uint64_t seed) {
    std::mt19937_64 random(seed);
    rows_.reset(test_schema());
    for (int64_t i = 0; i < rows; ++i) fill_row(random, rows_);
    duck_.load(rows_.view());
  }

  Expr bind(const std::string& text) { return bind_expression(duck_.ask(), text, test_schema()); }

  // What DuckDB answers for each row; "ERROR" where it throws.
  std::vector<std::string> expected(const std::string& text) {
    std::string error;
    auto all = duck_.cells(fmt::format("SELECT ({}) FROM t ORDER BY id", text), error);
    if (error.empty()) return all;
    EXPECT_TRUE(error.find("Parser") == std::string::npos) << error;
    for (int64_t i = 0; i < rows_.rows(); ++i) {
      error.clear();
      auto row = duck_.cells(fmt::format("SELECT ({}) FROM t WHERE id = {}", text, i), error);
      all.push_back(error.empty() ? row.at(0) : "ERROR");
    }
    return all;
  }

  std::vector<std::string> actual(const Expr& expr, const Batch& batch) {
    Scratch scratch;
    const Column column = expr.evaluate(batch, scratch);
    EXPECT_EQ(column.length, batch.rows);
    EXPECT_EQ(column.type, expr.type());
    std::vector<std::string> out;
    for (int64_t i = 0; i < batch.rows; ++i) out.push_back(cell(column, i));
    for (const RowError& error : scratch.errors) {
      EXPECT_TRUE(column.is_null(error.row)) << "a row that failed is null";
      EXPECT_NE(error.message, "");
      out[size_t(error.row)] = "ERROR";
    }
    return out;
  }

  std::string row_text(int64_t i) {
    std::string text;
    const Batch batch = rows_.view();
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      text += fmt::format(" {}={}", (*batch.schema)[c].name, cell(batch.columns[c], i));
    }
    return text;
  }

  void compare(const std::string& text) {
    SCOPED_TRACE(text);
    const Expr expr = bind(text);
    const auto want = expected(text);
    const auto got = actual(expr, rows_.view());
    ASSERT_EQ(want.size(), got.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(want[i], got[i]) << "row" << row_text(int64_t(i)) << "\n" << expr.root().json();
    }
    // What is saved comes back as the same expression.
    const Expr again(ExprNode::from_json(nlohmann::json::parse(expr.root().json().dump())),
                     test_schema());
    ASSERT_EQ(got, actual(again, rows_.view()));
    // A row's answer depends on that row alone.
    for (int64_t i = 0; i < std::min<int64_t>(rows_.rows(), 20); ++i) {
      BatchBuffer one(test_schema());
      one.append(rows_.view(), i, 1);
      ASSERT_EQ(actual(expr, one.view())[0], got[size_t(i)]);
    }
  }

  Error refusal(const std::string& text, const Schema& schema = test_schema()) {
    SCOPED_TRACE(text);
    const Error error = failure([&] { bind_expression(duck_.ask(), text, schema); });
    EXPECT_NE(error.code(), Code::internal) << error.what();
    return error;
  }

  Duck duck_;
  BatchBuffer rows_;
};

}  // namespace gristmill::testing_bind
