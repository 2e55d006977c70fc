#include "expr/evaluation.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gristmill::expr_internal {

Value Evaluation::run(const Step& step, const uint8_t* active) {
  switch (step.op) {
    case Op::column:
      return {batch_.columns[step.column]};
    case Op::constant:
      return {step.constant.view(), true};
    case Op::case_when:
      return compute_case(*this, step, active);
    case Op::coalesce:
      return compute_coalesce(*this, step, active);
    default:
      break;
  }
  // Constants collected beforehand are not computed.
  const size_t count = step.members != nullptr ? 1 : step.args.size();
  std::array<Value, 4> few;
  std::vector<Value> many(count > few.size() ? count : 0);
  const std::span<Value> args(many.empty() ? few.data() : many.data(), count);
  bool all_constant = true;
  for (size_t k = 0; k < count; ++k) {
    args[k] = run(step.args[k], active);
    all_constant = all_constant && args[k].constant;
  }
  // Kernels run over rows: one argument at least has them.
  if (all_constant) args[0] = {expand(args[0])};
  switch (step.op) {
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::distinct:
    case Op::not_distinct:
      return compute_comparison(*this, step, args);
    case Op::in:
      return compute_in(*this, step, args);
    case Op::is_null:
    case Op::is_not_null:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return compute_logic(*this, step, args);
    case Op::cast:
      return compute_cast(*this, step, args, active);
    case Op::greatest:
    case Op::least:
      return compute_extreme(*this, step, args);
    case Op::lower:
    case Op::upper:
    case Op::trim:
    case Op::ltrim:
    case Op::rtrim:
    case Op::length:
    case Op::substr:
    case Op::left:
    case Op::right:
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
    case Op::like:
    case Op::join:
    case Op::concat:
    case Op::replace:
      return compute_text_function(*this, step, args, active);
    case Op::date_part:
    case Op::date_trunc:
    case Op::date_diff:
      return compute_date_function(*this, step, args, active);
    case Op::regexp_matches:
    case Op::regexp_full_match:
    case Op::regexp_extract:
      return compute_regex(*this, step, args);
    default:
      return compute_arithmetic(*this, step, args, active);
  }
}

void Evaluation::fail(const Step& step, int64_t row, std::string message) {
  if (failed_ == nullptr) {
    failed_ = bits();
    std::memset(failed_, 0, size_t(bytes_of_bits(rows())));
  }
  if (get_bit(failed_, row)) return;
  set_bit(failed_, row);
  scratch_.errors.push_back(
      {row, step.field.empty() ? std::string(field_) : step.field, std::move(message)});
}

const uint8_t* Evaluation::validity_of(std::span<const Value> args) {
  const uint8_t* merged = nullptr;
  uint8_t* owned = nullptr;
  for (const Value& arg : args) {
    if (arg.column.validity == nullptr) continue;
    if (arg.constant) {
      if (!arg.column.is_null(0)) continue;
      uint8_t* none = bits();
      std::memset(none, 0, size_t(bytes_of_bits(rows())));
      return none;
    }
    if (merged == nullptr) {
      merged = arg.column.validity;
      continue;
    }
    if (owned == nullptr) owned = bits();
    combine_bits(owned, merged, arg.column.validity, rows(),
                 [](uint64_t a, uint64_t b) { return a & b; });
    merged = owned;
  }
  return merged;
}

Column Evaluation::column(Type type, const void* data, const uint8_t* validity) const {
  return {.type = type, .length = rows(), .validity = validity, .data = data};
}

Column Evaluation::expand(const Value& value) {
  if (!value.constant) return value.column;
  const Column& one = value.column;
  const uint8_t* validity = validity_of({&value, 1});
  auto fill = [&]<class T>(T* out) {
    std::fill_n(out, rows(), one.values<T>()[0]);
    return column(one.type, out, validity);
  };
  switch (one.type) {
    case Type::string: {
      ColumnBuffer& out = scratch_.column(one.type);
      scratch_.count_text(one.string(0).size() * size_t(rows()));
      for (int64_t i = 0; i < rows(); ++i) out.append(one, 0, 1);
      return out.view();
    }
    case Type::boolean: {
      uint8_t* out = bits();
      std::memset(out, one.boolean(0) ? 0xFF : 0, size_t(bytes_of_bits(rows())));
      return column(one.type, out, validity);
    }
    case Type::date:
      return fill(values<int32_t>());
    case Type::float64:
      return fill(values<double>());
    default:
      return fill(values<int64_t>());
  }
}

}  // namespace gristmill::expr_internal
