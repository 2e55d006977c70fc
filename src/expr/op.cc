#include "expr/op.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr size_t many = max_expression_args;

struct OpRow {
  Op op;
  std::string_view name;
  size_t least_args, most_args;
  std::string_view signature;
  std::string_view text;
};

constexpr std::array op_rows = {
    OpRow{Op::column, "column", 0, 0, "name, \"any name\"",
          "A column of the row. Names match exactly, or else without regard to case."},
    OpRow{Op::constant, "constant", 0, 0, "1, 1.5, 1e3, 'text', true, NULL, DATE '2013-01-01'",
          "Numbers with a decimal point, and whole numbers beyond BIGINT, are DOUBLE."},
    OpRow{Op::cast, "cast", 1, 1, "CAST(x AS type), x::type, TRY_CAST(x AS type)",
          "Between numbers, booleans and text, and between dates and timestamps (UTC). Fractions "
          "round half to even (text: half away from zero). What cannot be cast is an error of the "
          "row; for TRY_CAST it is NULL."},
    OpRow{Op::add, "+", 2, 2, "number + number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::subtract, "-", 2, 2, "number - number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::negate, "-", 1, 1, "-number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::multiply, "*", 2, 2, "number * number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::divide, "/", 2, 2, "number / number → DOUBLE",
          "By zero: inf, -inf or nan, as IEEE 754 has it."},
    OpRow{Op::integer_divide, "//", 2, 2, "number // number → number",
          "BIGINT: cut towards zero. DOUBLE: not cut, the plain quotient. By zero: NULL."},
    OpRow{Op::modulo, "%", 2, 2, "number % number, mod(number, number) → number",
          "The remainder has the dividend's sign. By zero: NULL (BIGINT) or nan (DOUBLE)."},
    OpRow{Op::power, "**", 2, 2, "x ** y, x ^ y, pow(x, y), power(x, y) → DOUBLE", "x to the y."},
    OpRow{Op::abs, "abs", 1, 1, "abs(number), @number → number",
          "Absolute value; of the lowest BIGINT an error of the row."},
    OpRow{Op::round, "round", 1, 2, "round(number), round(number, digits) → number",
          "Half away from zero, to that many digits after the point (negative: before it)."},
    OpRow{Op::floor, "floor", 1, 1, "floor(number) → DOUBLE", "The next whole number below."},
    OpRow{Op::ceil, "ceil", 1, 1, "ceil(number), ceiling(number) → DOUBLE",
          "The next whole number above."},
    OpRow{Op::sqrt, "sqrt", 1, 1, "sqrt(number) → DOUBLE",
          "Square root; of a negative number an error of the row."},
    OpRow{Op::ln, "ln", 1, 1, "ln(number) → DOUBLE",
          "Natural logarithm; of zero or less an error of the row."},
    OpRow{Op::exp, "exp", 1, 1, "exp(number) → DOUBLE", "e to the x."},
    OpRow{Op::equal, "=", 2, 2, "a = b, a == b → BOOLEAN",
          "nan equals itself. NULL when one side is NULL."},
    OpRow{Op::not_equal, "<>", 2, 2, "a <> b, a != b → BOOLEAN", "The opposite of `=`."},
    OpRow{Op::less, "<", 2, 2, "a < b → BOOLEAN",
          "nan is greater than all else; text compares byte by byte; false is less than true."},
    OpRow{Op::less_equal, "<=", 2, 2, "a <= b → BOOLEAN", "Likewise."},
    OpRow{Op::greater, ">", 2, 2, "a > b → BOOLEAN", "Likewise."},
    OpRow{Op::greater_equal, ">=", 2, 2, "a >= b, a BETWEEN low AND high → BOOLEAN",
          "Likewise; BETWEEN is `a >= low AND a <= high`."},
    OpRow{
        Op::distinct, "is distinct from", 2, 2, "a IS DISTINCT FROM b → BOOLEAN",
        "As `<>`, but NULL is a value like others. `IS NOT TRUE` and `IS NOT FALSE` become this."},
    OpRow{Op::not_distinct, "is not distinct from", 2, 2, "a IS NOT DISTINCT FROM b → BOOLEAN",
          "As `=`, but NULL is a value like others. `IS TRUE` and `IS FALSE` become this."},
    OpRow{Op::is_null, "is null", 1, 1, "x IS NULL → BOOLEAN", "Whether the value is missing."},
    OpRow{Op::is_not_null, "is not null", 1, 1, "x IS NOT NULL → BOOLEAN",
          "Whether the value is there."},
    OpRow{Op::in, "in", 2, many, "x IN (a, …), x NOT IN (a, …) → BOOLEAN",
          "Whether x equals one of them; NULL when x is NULL, or none equals it and one is NULL."},
    OpRow{Op::logical_and, "and", 2, many, "a AND b → BOOLEAN",
          "Three-valued. Every operand is computed: an error on either side is the row's error."},
    OpRow{Op::logical_or, "or", 2, many, "a OR b → BOOLEAN",
          "Three-valued. Every operand is computed: an error on either side is the row's error."},
    OpRow{Op::logical_not, "not", 1, 1, "NOT a → BOOLEAN", "NULL stays NULL."},
    OpRow{Op::case_when, "case", 3, many,
          "CASE WHEN a THEN x … ELSE y END, CASE v WHEN a THEN x … END, if(a, x, y), nullif(x, y)",
          "The first branch whose condition is true; only that branch is computed for the row."},
    OpRow{Op::coalesce, "coalesce", 1, many, "coalesce(a, …), ifnull(a, b) → type of a",
          "The first that is not NULL; those after it are not computed for the row."},
    OpRow{Op::greatest, "greatest", 1, many, "greatest(a, …) → type of a",
          "The greatest that is not NULL."},
    OpRow{Op::least, "least", 1, many, "least(a, …) → type of a", "The least that is not NULL."},
};

const OpRow& row_of(Op op) {
  for (const OpRow& row : op_rows) {
    if (row.op == op) return row;
  }
  throw Error(Code::internal, "an operator without a row in the list");
}

[[noreturn]] void refuse_types(const ExprNode& node) {
  std::string types;
  for (const ExprNode& arg : node.args) {
    types += types.empty() ? "" : ", ";
    types += sql_name(arg.type);
  }
  throw Error(Code::invalid, fmt::format("`{}` does not take ({}) to give {}", node.op, types,
                                         sql_name(node.type)));
}

bool all_of_type(const ExprNode& node, Type type, size_t from = 0) {
  for (size_t i = from; i < node.args.size(); ++i) {
    if (node.args[i].type != type) return false;
  }
  return true;
}

bool castable(Type from, Type to) {
  if (from == to) return true;
  if (is_time(from) || is_time(to)) return is_time(from) && is_time(to);
  return true;
}

bool case_fits(const ExprNode& node) {
  if (node.args.size() % 2 == 0) return false;
  for (size_t i = 0; i + 1 < node.args.size(); i += 2) {
    if (node.args[i].type != Type::boolean || node.args[i + 1].type != node.type) return false;
  }
  return node.args.back().type == node.type;
}

bool round_fits(const ExprNode& node) {
  return is_number(node.type) && node.args[0].type == node.type &&
         (node.args.size() == 1 || node.args[1].type == Type::int64);
}

template <class T>
bool is_whole(const nlohmann::json& value) {
  constexpr auto most = std::numeric_limits<T>::max();
  if (value.is_number_unsigned()) return value.get<uint64_t>() <= uint64_t(most);
  return value.is_number_integer() && value.get<int64_t>() >= std::numeric_limits<T>::min() &&
         value.get<int64_t>() <= most;
}

bool constant_fits(const ExprNode& node) {
  const nlohmann::json& value = node.value;
  if (value.is_null()) return true;
  switch (node.type) {
    case Type::boolean:
      return value.is_boolean();
    case Type::float64:
      return value.is_number() || value == "nan" || value == "-nan" || value == "inf" ||
             value == "-inf";
    case Type::string:
      return value.is_string();
    case Type::date:
      return is_whole<int32_t>(value);
    case Type::int64:
    case Type::timestamp:
    case Type::timestamptz:
      return is_whole<int64_t>(value);
  }
  return false;
}

bool types_fit(Op op, const ExprNode& node) {
  const Type type = node.type;
  switch (op) {
    case Op::column:
      return true;
    case Op::constant:
      return constant_fits(node);
    case Op::cast:
      return castable(node.args[0].type, type) &&
             (node.value.is_null() ||
              (type == Type::int64 && node.value.is_string() &&
               integer_range(node.value.get_ref<const std::string&>()).has_value()));
    case Op::add:
    case Op::subtract:
    case Op::negate:
    case Op::multiply:
    case Op::integer_divide:
    case Op::modulo:
    case Op::abs:
      return is_number(type) && all_of_type(node, type);
    case Op::round:
      return round_fits(node);
    case Op::divide:
    case Op::power:
    case Op::floor:
    case Op::ceil:
    case Op::sqrt:
    case Op::ln:
    case Op::exp:
      return type == Type::float64 && all_of_type(node, type);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::distinct:
    case Op::not_distinct:
    case Op::in:
      return type == Type::boolean && all_of_type(node, node.args[0].type);
    case Op::is_null:
    case Op::is_not_null:
      return type == Type::boolean;
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return type == Type::boolean && all_of_type(node, type);
    case Op::case_when:
      return case_fits(node);
    case Op::coalesce:
    case Op::greatest:
    case Op::least:
      return all_of_type(node, type);
  }
  return false;
}

void check_subtree(const ExprNode& node, int depth) {
  if (depth > max_expression_depth) {
    throw Error(Code::invalid,
                fmt::format("the expression nests deeper than {} levels", max_expression_depth));
  }
  for (const ExprNode& arg : node.args) check_subtree(arg, depth + 1);
  check_node(node);
}

}  // namespace

std::optional<Op> find_op(std::string_view name, size_t args) {
  if (name == "-") return args == 1 ? Op::negate : Op::subtract;
  for (const OpRow& row : op_rows) {
    if (row.name == name) return row.op;
  }
  return std::nullopt;
}

void check_node(const ExprNode& node) {
  const auto op = find_op(node.op, node.args.size());
  if (!op) {
    std::vector<std::string> names;
    for (const OpRow& row : op_rows) names.emplace_back(row.name);
    throw Error(Code::invalid,
                fmt::format("`{}` is no operator or function of expressions", node.op), {},
                did_you_mean(node.op, names));
  }
  const OpRow& row = row_of(*op);
  if (node.args.size() < row.least_args || node.args.size() > row.most_args) {
    throw Error(Code::invalid,
                fmt::format("`{}` does not take {} arguments", node.op, node.args.size()));
  }
  if (!types_fit(*op, node)) refuse_types(node);
}

void check_tree(const ExprNode& root) { check_subtree(root, 1); }

std::optional<IntegerRange> integer_range(std::string_view sql_type) {
  if (sql_type == "INTEGER") return IntegerRange{-2147483648LL, 2147483647LL};
  if (sql_type == "SMALLINT") return IntegerRange{-32768, 32767};
  if (sql_type == "TINYINT") return IntegerRange{-128, 127};
  return std::nullopt;
}

std::string_view sql_name(Type type) {
  switch (type) {
    case Type::boolean:
      return "BOOLEAN";
    case Type::int64:
      return "BIGINT";
    case Type::float64:
      return "DOUBLE";
    case Type::string:
      return "VARCHAR";
    case Type::date:
      return "DATE";
    case Type::timestamp:
      return "TIMESTAMP";
    case Type::timestamptz:
      return "TIMESTAMP WITH TIME ZONE";
  }
  return "";
}

const std::vector<ExprOp>& expr_ops() {
  static const std::vector<ExprOp> ops = [] {
    std::vector<ExprOp> list;
    for (const OpRow& row : op_rows) {
      list.push_back({std::string(row.name), std::string(row.signature), std::string(row.text)});
    }
    return list;
  }();
  return ops;
}

}  // namespace gristmill
