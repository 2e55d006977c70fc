#include "expr/expr.h"

#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "expr/evaluation.h"
#include "expr/number_text.h"

namespace gristmill {
namespace {

using expr_internal::Evaluation;
using expr_internal::find_date_part;
using expr_internal::read_regex_call;
using expr_internal::Step;

void append_constant(const ExprNode& node, ColumnBuffer& out) {
  out.reset(node.type);
  const nlohmann::json& value = node.value;
  if (value.is_null()) return out.append_null();
  switch (node.type) {
    case Type::boolean:
      return out.append(value.get<bool>());
    case Type::float64:
      if (value.is_string()) {
        double number = 0;
        read_float64(value.get_ref<const std::string&>(), number);
        return out.append(number);
      }
      return out.append(value.get<double>());
    case Type::string:
      return out.append(std::string_view(value.get_ref<const std::string&>()));
    case Type::date:
      return out.append_days(value.get<int32_t>());
    default:
      return out.append(value.get<int64_t>());
  }
}

// Turns nodes into steps, and gathers the columns that they read.
class Compiler {
 public:
  explicit Compiler(const Schema& schema) : schema_(schema) {}

  Step compile(const ExprNode& node) const {
    std::set<std::string> reads;
    return compile(node, reads);
  }

 private:
  Step compile(const ExprNode& node, std::set<std::string>& reads) const {
    Step step;
    step.op = *find_op(node.op, node.args.size());
    step.type = node.type;
    step.try_cast = node.try_cast;
    if (node.value.is_string() && step.op == Op::cast) {
      step.range = integer_range(node.value.get_ref<const std::string&>());
    }
    if (step.op == Op::constant) append_constant(node, step.constant);
    if (takes_date_part(step.op)) {
      step.part = *find_date_part(node.args[0].value.get_ref<const std::string&>());
    }
    if (takes_pattern(step.op)) {
      step.regex = read_regex_call(node);
      step.constant.reset(step.type);
      step.constant.append_null();
    }
    std::set<std::string> mine;
    if (step.op == Op::column) {
      step.column = resolve(node);
      mine.insert(node.column);
    }
    step.args.reserve(node.args.size());
    for (const ExprNode& arg : node.args) step.args.push_back(compile(arg, mine));
    if (step.op == Op::in) step.members = collect_members(step);
    if (mine.size() == 1) step.field = *mine.begin();
    reads.merge(mine);
    return step;
  }

  size_t resolve(const ExprNode& node) const {
    const size_t index = schema_.index_of(node.column, "the expression");
    if (schema_[index].type != node.type) {
      throw Error(Code::invalid,
                  fmt::format("the expression takes column {} as {}, but it is {}", node.column,
                              sql_name(node.type), sql_name(schema_[index].type)),
                  Where{.field = node.column});
    }
    return index;
  }

  const Schema& schema_;
};

void add_columns(const ExprNode& node, std::set<std::string>& columns) {
  if (node.op == "column") columns.insert(node.column);
  for (const ExprNode& arg : node.args) add_columns(arg, columns);
}

}  // namespace

std::vector<std::string> ExprNode::columns() const {
  std::set<std::string> columns;
  add_columns(*this, columns);
  return {columns.begin(), columns.end()};
}

struct Expr::Impl {
  ExprNode root;
  Step step;
};

Expr::Expr(ExprNode root, const Schema& schema) : impl_(std::make_unique<Impl>()) {
  check_tree(root);
  impl_->step = Compiler(schema).compile(root);
  impl_->root = std::move(root);
}

Expr::~Expr() = default;
Expr::Expr(Expr&&) noexcept = default;

Type Expr::type() const { return impl_->root.type; }
const ExprNode& Expr::root() const { return impl_->root; }

Column Expr::evaluate(const Batch& batch, Scratch& scratch, std::string_view field) const {
  Evaluation evaluation(batch, scratch, field);
  Column result = evaluation.expand(evaluation.run(impl_->step, nullptr));
  if (evaluation.failed() == nullptr) return result;
  uint8_t* validity = evaluation.bits();
  if (result.validity != nullptr) {
    combine_bits(validity, result.validity, evaluation.failed(), batch.rows,
                 [](uint64_t v, uint64_t failed) { return v & ~failed; });
  } else {
    map_bits(validity, evaluation.failed(), batch.rows, [](uint64_t failed) { return ~failed; });
  }
  result.validity = validity;
  return result;
}

}  // namespace gristmill
