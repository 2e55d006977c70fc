#include "table/bind_plan.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "expr/date_part.h"
#include "expr/op.h"
#include "source/quote.h"
#include "table/bind_names.h"

namespace gristmill {
namespace {

constexpr std::string_view list_hint =
    "the functions and operators of expressions are listed in docs/expressions.md";

// Bits of the integer types that stand for themselves within int64; 0: another type.
int integer_bits(std::string_view id) {
  if (id == "TINYINT") return 8;
  if (id == "SMALLINT") return 16;
  if (id == "INTEGER") return 32;
  if (id == "BIGINT") return 64;
  return 0;
}

const std::string& type_id(const nlohmann::json& plan) {
  if (plan.contains("return_type")) return plan["return_type"]["id"].get_ref<const std::string&>();
  if (plan.contains("value")) return plan["value"]["type"]["id"].get_ref<const std::string&>();
  static const std::string boolean = "BOOLEAN";  // comparisons and conjunctions say nothing
  return boolean;
}

Type type_of(const std::string& id) {
  // NULL without a type is an INTEGER to DuckDB too.
  if (integer_bits(id) != 0 || id == "NULL") return Type::int64;
  for (Type type : {Type::boolean, Type::float64, Type::string, Type::date, Type::timestamp,
                    Type::timestamptz}) {
    if (sql_name(type) == id) return type;
  }
  const bool number = id == "DECIMAL" || id == "FLOAT" || id.ends_with("HUGEINT");
  throw Error(Code::invalid, fmt::format("expressions know no type {}", id), {},
              number ? "use DOUBLE; round(x, digits) rounds it"
              : id.starts_with("U") && id.ends_with("INT")
                  ? "use BIGINT"
                  : "the types are BOOLEAN, BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP and "
                    "TIMESTAMP WITH TIME ZONE");
}

ExprNode null_constant(Type type) { return {.op = "constant", .type = type}; }

// An operator of one argument that keeps its type.
ExprNode wrapped(std::string op, ExprNode arg) {
  ExprNode node{.op = std::move(op), .type = arg.type};
  node.args.push_back(std::move(arg));
  return node;
}

ExprNode constant_of(const nlohmann::json& plan) {
  const nlohmann::json& value = plan["value"];
  ExprNode node = null_constant(type_of(type_id(plan)));
  if (!value["is_null"].get<bool>()) node.value = value["value"];
  return node;
}

void check_date_part(const ExprNode& node) {
  const ExprNode& part = node.args.at(0);
  if (part.op != "constant") {
    throw Error(Code::invalid, fmt::format("the part of `{}` must be a constant", node.op), {},
                "for example: date_part('year', x)");
  }
  if (part.value.is_string() &&
      !expr_internal::find_date_part(part.value.get_ref<const std::string&>())) {
    throw Error(Code::invalid,
                fmt::format("`{}` of a time is not among the parts that expressions know",
                            part.value.get_ref<const std::string&>()),
                {}, std::string(list_hint));
  }
}

// A value of a buffer of one row, as a constant holds it.
nlohmann::json constant_value(const Column& column) {
  if (column.is_null(0)) return nullptr;
  switch (column.type) {
    case Type::boolean:
      return column.boolean(0);
    case Type::float64: {
      const double value = *column.values<double>();
      if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
      if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
      return value;
    }
    case Type::string:
      return std::string(column.string(0));
    case Type::date:
      return *column.values<int32_t>();
    default:
      return *column.values<int64_t>();
  }
}

}  // namespace

ExprNode PlanTranslator::node_of(const nlohmann::json& plan, int depth) {
  if (depth > max_expression_depth) {
    throw Error(Code::invalid,
                fmt::format("the expression nests deeper than {} levels", max_expression_depth));
  }
  const auto& kind = plan.at("expression_class").get_ref<const std::string&>();
  ExprNode node = kind == "BOUND_REF"        ? column_of(plan)
                  : kind == "BOUND_CONSTANT" ? constant_of(plan)
                  : kind == "BOUND_CAST"     ? cast_of(plan, depth)
                  : kind == "BOUND_FUNCTION" ? function_of(plan, depth)
                  : kind == "BOUND_CASE"     ? case_of(plan, depth)
                                             : operator_of(plan, depth);
  check_node(node);
  return node;
}

std::vector<ExprNode> PlanTranslator::nodes_of(const nlohmann::json& plans, int depth) {
  std::vector<ExprNode> nodes;
  for (const auto& plan : plans) nodes.push_back(node_of(plan, depth + 1));
  return nodes;
}

ExprNode PlanTranslator::column_of(const nlohmann::json& plan) const {
  const Field& field = columns_.at(plan.at("index").get<size_t>());
  return {.op = "column", .type = field.type, .column = field.name};
}

ExprNode PlanTranslator::function_of(const nlohmann::json& plan, int depth) {
  const auto& name = plan.at("name").get_ref<const std::string&>();
  const auto found = op_of_function().find(lower(name));
  if (found == op_of_function().end()) refuse_function(name);
  const FunctionName& function = found->second;
  ExprNode node{.op = std::string(function.op), .type = type_of(type_id(plan))};
  if (!function.part.empty()) {
    node.args.push_back({.op = "constant", .type = Type::string, .value = function.part});
  }
  for (ExprNode& arg : nodes_of(plan.at("children"), depth)) node.args.push_back(std::move(arg));
  if (takes_date_part(*find_op(node.op, 2))) {
    check_date_part(node);
    return node;
  }
  for (const ExprNode& arg : node.args) {
    if (is_time(arg.type) && node.op != "greatest" && node.op != "least") {
      throw Error(Code::invalid,
                  fmt::format("`{}` on dates and times is not among the operators "
                              "of expressions",
                              name),
                  {}, std::string(list_hint));
    }
  }
  if (node.op == "+" && node.args.size() == 1) return std::move(node.args[0]);
  if (function.ignores_case) {
    for (ExprNode& arg : node.args) arg = wrapped("lower", std::move(arg));
  }
  return function.negated ? wrapped("not", std::move(node)) : std::move(node);
}

ExprNode PlanTranslator::operator_of(const nlohmann::json& plan, int depth) {
  const auto& kind = plan.at("type").get_ref<const std::string&>();
  const auto op = op_of_operator().find(kind);
  if (op == op_of_operator().end()) {
    std::string name = kind.substr(kind.find('_') + 1);
    throw Error(Code::invalid, fmt::format("`{}` is not among the operators of expressions", name),
                {}, std::string(list_hint));
  }
  ExprNode node{.op = std::string(op->second), .type = Type::boolean};
  if (plan.contains("children")) {
    node.args = nodes_of(plan["children"], depth);
  } else {
    node.args.push_back(node_of(plan.at("left"), depth + 1));
    node.args.push_back(node_of(plan.at("right"), depth + 1));
  }
  if (node.op == "coalesce") node.type = type_of(type_id(plan));
  return kind == "COMPARE_NOT_IN" ? wrapped("not", std::move(node)) : std::move(node);
}

ExprNode PlanTranslator::case_of(const nlohmann::json& plan, int depth) {
  ExprNode node{.op = "case", .type = type_of(type_id(plan))};
  for (const auto& check : plan.at("case_checks")) {
    node.args.push_back(node_of(check.at("when_expr"), depth + 1));
    node.args.push_back(node_of(check.at("then_expr"), depth + 1));
  }
  node.args.push_back(node_of(plan.at("else_expr"), depth + 1));
  return node;
}

ExprNode PlanTranslator::cast_of(const nlohmann::json& plan, int depth) {
  const std::string& from = type_id(plan.at("child"));
  const std::string& to = type_id(plan);
  ExprNode child = node_of(plan["child"], depth + 1);
  ExprNode node{.op = "cast", .type = type_of(to), .try_cast = plan.at("try_cast").get<bool>()};
  const int from_bits = integer_bits(from), to_bits = integer_bits(to);
  const bool narrows = to_bits != 0 && to_bits < 64 && (from_bits == 0 || to_bits < from_bits);
  if (child.type == node.type && !narrows) return child;
  if (child.op == "constant" && child.value.is_null()) return null_constant(node.type);
  if (narrows) node.value = to;
  node.args.push_back(std::move(child));
  if (node.args[0].op == "constant") return fold(std::move(node));
  const Type child_type = node.args[0].type;
  if (is_time(node.type) != is_time(child_type) && node.type != Type::string &&
      child_type != Type::string) {
    throw Error(Code::invalid,
                fmt::format("a cast from {} to {} is not among the casts of expressions", from, to),
                {}, std::string(list_hint));
  }
  return node;
}

ExprNode PlanTranslator::fold(ExprNode cast) const {
  if (is_time(cast.type) && cast.args[0].type == Type::string) return time_constant(cast);
  ExprNode result = null_constant(cast.type);
  const Schema none;
  const Expr expr(std::move(cast), none);
  Scratch scratch;
  const Column value = expr.evaluate(Batch{.schema = &none, .rows = 1}, scratch);
  if (!scratch.errors.empty()) throw Error(Code::invalid, scratch.errors[0].message);
  result.value = constant_value(value);
  return result;
}

ExprNode PlanTranslator::time_constant(const ExprNode& cast) const {
  const auto& text = cast.args[0].value.get_ref<const std::string&>();
  // Infinity is the last number there is; no function counts up to it.
  const bool date = cast.type == Type::date;
  const std::string last = date ? "2147483647" : "9223372036854775807";
  const std::string sql = fmt::format(
      "SELECT CASE WHEN x IS NULL THEN '' WHEN isfinite(x) THEN {}::VARCHAR "
      "WHEN x > {} '1970-01-01' THEN '{}' ELSE '-{}' END FROM (SELECT TRY_CAST({} AS {}) AS x)",
      date ? "(x - DATE '1970-01-01')" : "epoch_us(x)", sql_name(cast.type), last, last,
      quote_text(text), sql_name(cast.type));
  const std::string answer = ask_(sql);
  ExprNode node = null_constant(cast.type);
  if (answer.empty()) {
    if (cast.try_cast) return node;
    throw Error(Code::invalid, fmt::format("\"{}\" is not a {}", text, sql_name(cast.type)), {},
                date ? "a date is written '2013-10-01'"
                     : "a time is written '2013-10-01' or '2013-10-01 09:30:00'");
  }
  int64_t number = 0;
  std::from_chars(answer.data(), answer.data() + answer.size(), number);
  node.value = number;
  return node;
}

void PlanTranslator::refuse_function(const std::string& name) const {
  const std::string written = written_name(name);
  const std::string stability = ask_(
      "SELECT coalesce(max(stability), '') FROM duckdb_functions() WHERE function_type = "
      "'scalar' AND function_name = " +
      quote_text(name));
  if (stability == "VOLATILE" || stability == "CONSISTENT_WITHIN_QUERY") {
    throw Error(Code::invalid,
                fmt::format("`{}` changes from run to run; an expression depends on its row alone",
                            written));
  }
  throw Error(Code::invalid, fmt::format("`{}` is not among the functions of expressions", written),
              {}, std::string(list_hint));
}

}  // namespace gristmill
