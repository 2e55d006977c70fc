#include "expr/evaluation.h"

namespace gristmill::expr_internal {
namespace {

// Three-valued AND and OR, word by word: a row is settled by one false (true), else null when one
// is null. `f` OR is AND with both sides turned round.
Value fold_logic(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const bool is_or = step.op == Op::logical_or;
  const uint64_t flip = is_or ? ~uint64_t(0) : 0;
  const int64_t rows = evaluation.rows();
  const auto size = static_cast<size_t>(bytes_of_bits(rows));
  uint8_t* settled = evaluation.bits();  // some operand is false (AND), true (OR)
  uint8_t* unknown = evaluation.bits();  // some operand is null
  std::memset(settled, 0, size);
  std::memset(unknown, 0, size);
  for (const Value& arg : args) {
    const Column column = evaluation.expand(arg);
    const auto* data = static_cast<const uint8_t*>(column.data);
    if (column.validity == nullptr) {
      combine_bits(settled, settled, data, rows,
                   [&](uint64_t s, uint64_t d) { return s | ~(d ^ flip); });
      continue;
    }
    uint8_t* decided = evaluation.bits();
    combine_bits(decided, data, column.validity, rows,
                 [&](uint64_t d, uint64_t v) { return ~(d ^ flip) & v; });
    combine_bits(settled, settled, decided, rows, [](uint64_t s, uint64_t d) { return s | d; });
    combine_bits(unknown, unknown, column.validity, rows,
                 [](uint64_t u, uint64_t v) { return u | ~v; });
  }
  uint8_t* data = evaluation.bits();
  uint8_t* validity = evaluation.bits();
  map_bits(data, settled, rows, [&](uint64_t s) { return ~s ^ flip; });
  combine_bits(validity, settled, unknown, rows, [](uint64_t s, uint64_t u) { return s | ~u; });
  return {evaluation.column(Type::boolean, data, validity)};
}

Value compute_null_test(Evaluation& evaluation, const Step& step, const Value& arg) {
  const uint64_t flip = step.op == Op::is_null ? ~uint64_t(0) : 0;
  uint8_t* data = evaluation.bits();
  const uint8_t* validity = evaluation.validity_of({&arg, 1});
  if (validity == nullptr) {
    std::memset(data, flip != 0 ? 0 : 0xFF, size_t(bytes_of_bits(evaluation.rows())));
  } else {
    map_bits(data, validity, evaluation.rows(), [&](uint64_t v) { return v ^ flip; });
  }
  return {evaluation.column(Type::boolean, data, nullptr)};
}

}  // namespace

Value compute_logic(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  switch (step.op) {
    case Op::is_null:
    case Op::is_not_null:
      return compute_null_test(evaluation, step, args[0]);
    case Op::logical_not: {
      uint8_t* data = evaluation.bits();
      const auto* from = static_cast<const uint8_t*>(args[0].column.data);
      map_bits(data, from, evaluation.rows(), [](uint64_t a) { return ~a; });
      return {evaluation.column(Type::boolean, data, args[0].column.validity)};
    }
    default:
      return fold_logic(evaluation, step, args);
  }
}

}  // namespace gristmill::expr_internal
