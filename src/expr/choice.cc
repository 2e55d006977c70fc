// CASE, COALESCE, greatest and least: for each row one of several values.
#include <algorithm>
#include <vector>

#include "expr/evaluation.h"

namespace gristmill::expr_internal {
namespace {

constexpr uint16_t nothing = 0xFFFF;

// Which of `values` each row takes; `nothing` gives null.
class Choice {
 public:
  explicit Choice(Evaluation& evaluation)
      : evaluation_(evaluation), picks_(evaluation.values<uint16_t>()) {
    std::fill_n(picks_, evaluation.rows(), nothing);
  }

  uint16_t& operator[](int64_t row) { return picks_[row]; }
  void add(Value value) { values_.push_back(value); }
  // Adds a value that the rows of `selected` take.
  void take(Value value, const uint8_t* selected) {
    const auto pick = static_cast<uint16_t>(values_.size());
    values_.push_back(value);
    for_each_bit(selected, evaluation_.rows(), [&](int64_t i) { picks_[i] = pick; });
  }

  Value gather(Type type) {
    switch (type) {
      case Type::boolean:
        return gather_booleans();
      case Type::string:
        return gather_text();
      case Type::date:
        return gather_fixed<int32_t>(type);
      case Type::float64:
        return gather_fixed<double>(type);
      default:
        return gather_fixed<int64_t>(type);
    }
  }

 private:
  bool present(int64_t row) const {
    return picks_[row] != nothing && !values_[picks_[row]].is_null(row);
  }
  const uint8_t* validity() {
    uint8_t* bits = evaluation_.bits();
    fill_bits(bits, evaluation_.rows(), [&](int64_t i) { return present(i); });
    return bits;
  }
  template <class T>
  Value gather_fixed(Type type) {
    T* out = evaluation_.values<T>();
    std::vector<Operand<T>> operands(values_.begin(), values_.end());
    for (int64_t i = 0; i < evaluation_.rows(); ++i) {
      out[i] = picks_[i] == nothing ? T() : operands[picks_[i]][i];
    }
    return {evaluation_.column(type, out, validity())};
  }
  Value gather_booleans() {
    uint8_t* out = evaluation_.bits();
    std::vector<BooleanOperand> operands(values_.begin(), values_.end());
    fill_bits(out, evaluation_.rows(),
              [&](int64_t i) { return picks_[i] != nothing && operands[picks_[i]][i]; });
    return {evaluation_.column(Type::boolean, out, validity())};
  }
  Value gather_text() {
    ColumnBuffer& out = evaluation_.scratch().column(Type::string);
    std::vector<TextOperand> operands(values_.begin(), values_.end());
    for (int64_t i = 0; i < evaluation_.rows(); ++i) {
      if (present(i)) {
        const std::string_view text = operands[picks_[i]][i];
        evaluation_.scratch().count_text(text.size());
        out.append(text);
      } else {
        out.append_null();
      }
    }
    return {out.view()};
  }

  Evaluation& evaluation_;
  uint16_t* picks_;
  std::vector<Value> values_;
};

// The rows that still look for a value, and those that find it now.
class Remaining {
 public:
  Remaining(Evaluation& evaluation, const uint8_t* active)
      : rows_(evaluation.rows()), left_(evaluation.bits()), found_(evaluation.bits()) {
    const auto size = static_cast<size_t>(bytes_of_bits(rows_));
    if (active != nullptr) {
      std::memcpy(left_, active, size);
    } else {
      std::memset(left_, 0xFF, size);
    }
  }

  bool empty() const { return !any_bit(left_, rows_); }
  const uint8_t* left() const { return left_; }
  // Rows left whose bit is set in all of `bitmaps` (a null one holds all); they are left no more.
  // Holds until the next call.
  const uint8_t* find(const uint8_t* first, const uint8_t* second) {
    std::memcpy(found_, left_, size_t(bytes_of_bits(rows_)));
    for (const uint8_t* bitmap : {first, second}) {
      if (bitmap == nullptr) continue;
      combine_bits(found_, found_, bitmap, rows_, [](uint64_t a, uint64_t b) { return a & b; });
    }
    combine_bits(left_, left_, found_, rows_, [](uint64_t a, uint64_t b) { return a & ~b; });
    return found_;
  }

 private:
  int64_t rows_;
  uint8_t* left_;
  uint8_t* found_;
};

bool all_present(std::span<const Value> args) {
  return std::all_of(args.begin(), args.end(),
                     [](const Value& arg) { return arg.column.null_count() == 0; });
}

// Of numbers none of which is null: the common case, and a fast one.
template <class T>
Value extreme_present(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  T* out = evaluation.values<T>();
  const Operand<T> first(args[0]);
  for (int64_t i = 0; i < evaluation.rows(); ++i) out[i] = first[i];
  for (const Value& arg : args.subspan(1)) {
    const Operand<T> next(arg);
    if (step.op == Op::greatest) {
      for (int64_t i = 0; i < evaluation.rows(); ++i)
        out[i] = is_less(out[i], next[i]) ? next[i] : out[i];
    } else {
      for (int64_t i = 0; i < evaluation.rows(); ++i)
        out[i] = is_less(next[i], out[i]) ? next[i] : out[i];
    }
  }
  return {evaluation.column(step.type, out, nullptr)};
}

template <class Rows>
Value extreme(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const bool greatest = step.op == Op::greatest;
  std::vector<Rows> operands(args.begin(), args.end());
  Choice choice(evaluation);
  for (size_t k = 0; k < args.size(); ++k) {
    choice.add(args[k]);
    const Rows& next = operands[k];
    for (int64_t i = 0; i < evaluation.rows(); ++i) {
      if (args[k].is_null(i)) continue;
      const uint16_t best = choice[i];
      if (best == nothing ||
          (greatest ? is_less(operands[best][i], next[i]) : is_less(next[i], operands[best][i]))) {
        choice[i] = static_cast<uint16_t>(k);
      }
    }
  }
  return choice.gather(step.type);
}

}  // namespace

Value compute_case(Evaluation& evaluation, const Step& step, const uint8_t* active) {
  Choice choice(evaluation);
  Remaining remaining(evaluation, active);
  for (size_t k = 0; k + 1 < step.args.size() && !remaining.empty(); k += 2) {
    const Column condition = evaluation.expand(evaluation.run(step.args[k], remaining.left()));
    const uint8_t* taken =
        remaining.find(static_cast<const uint8_t*>(condition.data), condition.validity);
    if (!any_bit(taken, evaluation.rows())) continue;
    choice.take(evaluation.run(step.args[k + 1], taken), taken);
  }
  if (!remaining.empty()) {
    choice.take(evaluation.run(step.args.back(), remaining.left()), remaining.left());
  }
  return choice.gather(step.type);
}

Value compute_coalesce(Evaluation& evaluation, const Step& step, const uint8_t* active) {
  Choice choice(evaluation);
  Remaining remaining(evaluation, active);
  for (const Step& arg : step.args) {
    if (remaining.empty()) break;
    const Value value = evaluation.run(arg, remaining.left());
    choice.take(value, remaining.find(evaluation.validity_of({&value, 1}), nullptr));
  }
  return choice.gather(step.type);
}

Value compute_extreme(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  if (all_present(args)) {
    if (step.type == Type::float64) return extreme_present<double>(evaluation, step, args);
    if (step.type == Type::int64) return extreme_present<int64_t>(evaluation, step, args);
  }
  return with_operand(step.type,
                      [&]<class Rows>(Rows*) { return extreme<Rows>(evaluation, step, args); });
}

}  // namespace gristmill::expr_internal
