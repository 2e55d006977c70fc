#include "expr/op.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "expr/evaluation.h"
#include "expr/op_row.h"

namespace gristmill {
namespace {

using expr_internal::DatePart;
using expr_internal::find_date_part;

const OpRow& row_of(Op op) {
  for (const OpRow& row : all_op_rows()) {
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
  if (is_time(from)) return is_time(to) || to == Type::string;
  return !is_time(to) || from == Type::string;
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

// Types of functions that take just these: the result's, then those of the arguments. The last one
// stands for all that follow. b: BOOLEAN, i: BIGINT, s: VARCHAR.
struct Form {
  Op op;
  std::string_view types;
};
constexpr Form forms[] = {
    {Op::lower, "ss"},
    {Op::upper, "ss"},
    {Op::trim, "sss"},
    {Op::ltrim, "sss"},
    {Op::rtrim, "sss"},
    {Op::length, "is"},
    {Op::substr, "ssii"},
    {Op::left, "ssi"},
    {Op::right, "ssi"},
    {Op::contains, "bss"},
    {Op::starts_with, "bss"},
    {Op::ends_with, "bss"},
    {Op::like, "bss"},
    {Op::join, "sss"},
    {Op::concat, "ss"},
    {Op::replace, "ssss"},
    {Op::regexp_matches, "bsss"},
    {Op::regexp_full_match, "bsss"},
    {Op::regexp_extract, "sssis"},
};

bool letter_fits(char letter, Type type) {
  return type == (letter == 'b' ? Type::boolean : letter == 'i' ? Type::int64 : Type::string);
}

bool form_fits(Op op, const ExprNode& node) {
  for (const Form& form : forms) {
    if (form.op != op) continue;
    if (!letter_fits(form.types[0], node.type)) return false;
    for (size_t i = 0; i < node.args.size(); ++i) {
      const size_t at = std::min(i + 1, form.types.size() - 1);
      if (!letter_fits(form.types[at], node.args[i].type)) return false;
    }
    return true;
  }
  return false;
}

bool date_function_fits(Op op, const ExprNode& node) {
  const ExprNode& name = node.args[0];
  if (name.op != "constant" || name.type != Type::string || !name.value.is_string()) return false;
  const auto part = find_date_part(name.value.get_ref<const std::string&>());
  const Type of = node.args[1].type;
  if (!part || !is_time(of)) return false;
  switch (op) {
    case Op::date_part:
      return node.type == (*part == DatePart::epoch ? Type::float64 : Type::int64);
    case Op::date_trunc:
      return node.type == (of == Type::timestamptz ? of : Type::timestamp);
    default:
      return node.type == Type::int64 && node.args[2].type == of;
  }
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
    case Op::date_part:
    case Op::date_trunc:
    case Op::date_diff:
      return date_function_fits(op, node);
    default:
      return form_fits(op, node);
  }
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
  for (const OpRow& row : all_op_rows()) {
    if (row.name == name) return row.op;
  }
  return std::nullopt;
}

void check_node(const ExprNode& node) {
  const auto op = find_op(node.op, node.args.size());
  if (!op) {
    std::vector<std::string> names;
    for (const OpRow& row : all_op_rows()) names.emplace_back(row.name);
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
  if (!takes_pattern(*op)) return;
  for (size_t i = 1; i < node.args.size(); ++i) {
    if (node.args[i].op != "constant")
      throw Error(Code::invalid,
                  "the pattern of `" + node.op + "` and all that follows it must be constants");
  }
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
    for (const OpRow& row : all_op_rows()) {
      list.push_back({std::string(row.name), std::string(row.signature), std::string(row.text)});
    }
    return list;
  }();
  return ops;
}

}  // namespace gristmill
