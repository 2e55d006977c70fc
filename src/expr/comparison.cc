#include <limits>

#include "expr/evaluation.h"

namespace gristmill::expr_internal {
namespace {

template <class Rows, class F>
Value compare(Evaluation& evaluation, std::span<const Value> args, F f) {
  const Rows a(args[0]), b(args[1]);
  uint8_t* data = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) { return f(a[i], b[i]); });
  return {evaluation.column(Type::boolean, data, evaluation.validity_of(args))};
}

// NULL is a value like others.
template <class Rows>
Value compare_distinct(Evaluation& evaluation, std::span<const Value> args, bool wanted) {
  const Rows a(args[0]), b(args[1]);
  uint8_t* data = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) {
    const bool no_a = args[0].is_null(i), no_b = args[1].is_null(i);
    const bool distinct = no_a || no_b ? no_a != no_b : !is_equal(a[i], b[i]);
    return distinct == wanted;
  });
  return {evaluation.column(Type::boolean, data, nullptr)};
}

int64_t member_key(double value) {
  if (value != value) value = std::numeric_limits<double>::quiet_NaN();
  if (value == 0) value = 0;  // −0.0 is 0.0
  int64_t key;
  std::memcpy(&key, &value, sizeof key);
  return key;
}
template <class T>
int64_t member_key(T value) {
  return static_cast<int64_t>(value);
}

template <class Rows>
bool is_member(const Members& members, const Rows& rows, int64_t i) {
  if constexpr (std::is_same_v<Rows, TextOperand>) {
    return members.texts.contains(rows[i]);
  } else {
    return members.numbers.contains(member_key(rows[i]));
  }
}

// `found` and validity by row: null when x is, or when nothing was found and `some_null(i)`.
template <class Found, class SomeNull>
Value settle_in(Evaluation& evaluation, const Value& x, Found found, SomeNull some_null) {
  uint8_t* data = evaluation.bits();
  uint8_t* validity = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) { return !x.is_null(i) && found(i); });
  fill_bits(validity, evaluation.rows(),
            [&](int64_t i) { return !x.is_null(i) && (get_bit(data, i) || !some_null(i)); });
  return {evaluation.column(Type::boolean, data, validity)};
}

template <class Rows>
Value in_listed(Evaluation& evaluation, std::span<const Value> args) {
  const Rows x(args[0]);
  std::vector<Rows> items;
  for (size_t k = 1; k < args.size(); ++k) items.emplace_back(args[k]);
  auto found = [&](int64_t i) {
    for (size_t k = 0; k < items.size(); ++k) {
      if (!args[k + 1].is_null(i) && is_equal(x[i], items[k][i])) return true;
    }
    return false;
  };
  auto some_null = [&](int64_t i) {
    for (size_t k = 1; k < args.size(); ++k) {
      if (args[k].is_null(i)) return true;
    }
    return false;
  };
  return settle_in(evaluation, args[0], found, some_null);
}

}  // namespace

Value compute_comparison(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  return with_operand(step.args[0].type, [&]<class Rows>(Rows*) -> Value {
    switch (step.op) {
      case Op::equal:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return is_equal(a, b); });
      case Op::not_equal:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return !is_equal(a, b); });
      case Op::less:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return is_less(a, b); });
      case Op::less_equal:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return !is_less(b, a); });
      case Op::greater:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return is_less(b, a); });
      case Op::greater_equal:
        return compare<Rows>(evaluation, args, [](auto a, auto b) { return !is_less(a, b); });
      default:
        return compare_distinct<Rows>(evaluation, args, step.op == Op::distinct);
    }
  });
}

std::unique_ptr<Members> collect_members(const Step& in) {
  auto members = std::make_unique<Members>();
  for (size_t k = 1; k < in.args.size(); ++k) {
    if (in.args[k].op != Op::constant) return nullptr;
    const Value value{in.args[k].constant.view(), true};
    if (value.null_constant()) {
      members->has_null = true;
      continue;
    }
    with_operand(in.args[k].type, [&]<class Rows>(Rows*) {
      if constexpr (std::is_same_v<Rows, TextOperand>) {
        members->texts.insert(Rows(value)[0]);
      } else {
        members->numbers.insert(member_key(Rows(value)[0]));
      }
    });
  }
  return members;
}

Value compute_in(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  return with_operand(step.args[0].type, [&]<class Rows>(Rows*) -> Value {
    if (step.members == nullptr) return in_listed<Rows>(evaluation, args);
    const Rows x(args[0]);
    return settle_in(
        evaluation, args[0], [&](int64_t i) { return is_member(*step.members, x, i); },
        [&](int64_t) { return step.members->has_null; });
  });
}

}  // namespace gristmill::expr_internal
