// Rows and nodes that tests of expressions share.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace gristmill::testing_expr {

inline const Schema& test_schema() {
  static const Schema schema({{"a", Type::int64},
                              {"b", Type::float64},
                              {"s", Type::string},
                              {"f", Type::boolean},
                              {"d", Type::date},
                              {"t", Type::timestamp},
                              {"z", Type::timestamptz}});
  return schema;
}

inline ExprNode column(const std::string& name) {
  return {
      .op = "column", .type = test_schema()[size_t(test_schema().find(name))].type, .column = name};
}
inline ExprNode constant(Type type, nlohmann::json value) {
  return {.op = "constant", .type = type, .value = std::move(value)};
}
inline ExprNode node(const std::string& op, Type type, std::vector<ExprNode> args) {
  return {.op = op, .type = type, .args = std::move(args)};
}

inline BatchBuffer sample(int64_t rows, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  BatchBuffer buffer(test_schema());
  for (int64_t i = 0; i < rows; ++i) {
    for (size_t c = 0; c < test_schema().size(); ++c) {
      const int64_t value = static_cast<int64_t>(random() % 21) - 10;
      if (random() % 5 == 0) {
        buffer[c].append_null();
      } else if (test_schema()[c].type == Type::boolean) {
        buffer[c].append(value > 0);
      } else if (test_schema()[c].type == Type::float64) {
        buffer[c].append(double(value) / 4);
      } else if (test_schema()[c].type == Type::string) {
        buffer[c].append(std::string_view(value % 3 == 0 ? "abc" : std::to_string(value)));
      } else if (test_schema()[c].type == Type::date) {
        buffer[c].append_days(int32_t(value));
      } else {
        buffer[c].append(value);
      }
    }
  }
  return buffer;
}

}  // namespace gristmill::testing_expr
