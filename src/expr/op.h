// The closed list of operators: their names, their rules of types, their place in the docs.
#pragma once

#include <optional>
#include <string_view>

#include "expr/expr.h"

namespace gristmill {

enum class Op : uint8_t {
  column,
  constant,
  cast,
  add,
  subtract,
  negate,
  multiply,
  divide,
  integer_divide,
  modulo,
  power,
  abs,
  round,
  floor,
  ceil,
  sqrt,
  ln,
  exp,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  distinct,
  not_distinct,
  is_null,
  is_not_null,
  in,
  logical_and,
  logical_or,
  logical_not,
  case_when,  // args: when, then, when, then, …, else
  coalesce,
  greatest,
  least,
  lower,
  upper,
  trim,
  ltrim,
  rtrim,
  length,
  substr,
  left,
  right,
  contains,
  starts_with,
  ends_with,
  like,
  join,  // ||
  concat,
  replace,
  date_part,
  date_trunc,
  date_diff,
  regexp_matches,
  regexp_full_match,
  regexp_extract,
};

inline constexpr int max_expression_depth = 200;
inline constexpr size_t max_expression_args = 10'000;

// "-" with one argument is negate, with two subtract.
std::optional<Op> find_op(std::string_view name, size_t args);

// Code::invalid unless the node's op is in the list and its arguments have the number and types
// that it takes. Looks at this node alone, its arguments' types included.
void check_node(const ExprNode& node);
// The same for a whole tree, its depth included.
void check_tree(const ExprNode& root);

// Whether the first argument is the name of a part: a constant, known beforehand.
inline bool takes_date_part(Op op) {
  return op == Op::date_part || op == Op::date_trunc || op == Op::date_diff;
}

// Whether all but the first argument are constants: a pattern and how to take it.
inline bool takes_pattern(Op op) {
  return op == Op::regexp_matches || op == Op::regexp_full_match || op == Op::regexp_extract;
}

// Whole numbers that a cast to a narrower integer type leaves ("INTEGER", "SMALLINT", "TINYINT").
struct IntegerRange {
  int64_t lowest, highest;
};
std::optional<IntegerRange> integer_range(std::string_view sql_type);

// "BIGINT", "DOUBLE", …: what the type is called in SQL.
std::string_view sql_name(Type type);

}  // namespace gristmill
