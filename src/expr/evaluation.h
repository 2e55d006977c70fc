// How a tree is computed over a batch: one step a node, whole columns at a time, only the active
// rows being able to fail.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "expr/date_part.h"
#include "expr/op.h"
#include "expr/regex.h"
#include "frame/batch.h"
#include "frame/bitmap.h"
#include "frame/scratch.h"

namespace gristmill::expr_internal {

// A column, or one value that stands for every row (`column.length` is 1 then).
struct Value {
  Column column;
  bool constant = false;

  int64_t at(int64_t row) const { return constant ? 0 : row; }
  bool is_null(int64_t row) const { return column.is_null(at(row)); }
  bool null_constant() const { return constant && column.is_null(0); }
};

// Order with DuckDB's meaning: nan equals itself and is greater than all else.
template <class T>
inline bool is_equal(const T& a, const T& b) {
  return a == b;
}
// Short ones without a call.
inline bool is_equal(std::string_view a, std::string_view b) {
  const size_t n = a.size();
  if (b.size() != n) return false;
  if (n > 16) return std::memcmp(a.data(), b.data(), n) == 0;
  auto same = [&]<class Word>(Word, size_t at) {
    Word x, y;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    return x == y;
  };
  if (n >= 8) return same(uint64_t(), 0) && same(uint64_t(), n - 8);
  if (n >= 4) return same(uint32_t(), 0) && same(uint32_t(), n - 4);
  return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}
inline bool is_equal(double a, double b) { return a == b || (a != a && b != b); }
template <class T>
inline bool is_less(const T& a, const T& b) {
  return a < b;
}
inline bool is_less(double a, double b) { return a < b || (b != b && a == a); }

// A set of constants: looked through one by one where they are few, which is faster then.
template <class T>
class MemberSet {
 public:
  void insert(T value) {
    if (all_.insert(value).second) few_.push_back(value);
  }
  bool contains(T value) const {
    if (few_.size() > most_few) return all_.contains(value);
    for (const T& one : few_) {
      if (is_equal(one, value)) return true;
    }
    return false;
  }

 private:
  static constexpr size_t most_few = 8;
  std::vector<T> few_;
  std::unordered_set<T> all_;
};

// The constants of an IN, when all of them are constants.
struct Members {
  MemberSet<int64_t> numbers;  // by member_key
  MemberSet<std::string_view> texts;
  bool has_null = false;
};

// The constants of a function of regular expressions.
struct RegexCall {
  std::unique_ptr<Regex> regex;  // null: the pattern is NULL, and so is the answer
  int group = 0;
};
// Code::invalid when they are not what the function takes. The types have been checked.
RegexCall read_regex_call(const ExprNode& node);

// A node with its column resolved and its constant made.
struct Step {
  Op op = Op::constant;
  Type type = Type::int64;
  size_t column = 0;
  ColumnBuffer constant;
  bool try_cast = false;
  std::optional<IntegerRange> range;
  DatePart part = DatePart::year;  // of date_part, date_trunc, date_diff
  RegexCall regex;
  std::string field;  // the one column that this subtree reads, or ""
  std::unique_ptr<Members> members;
  std::vector<Step> args;
};

class Evaluation {
 public:
  // `field`: what a failure names that belongs to no single column.
  Evaluation(const Batch& batch, Scratch& scratch, std::string_view field)
      : batch_(batch), scratch_(scratch), field_(field) {}

  // `active`: bitmap of the rows that count, null for all. Other rows' values are unspecified.
  Value run(const Step& step, const uint8_t* active);

  int64_t rows() const { return batch_.rows; }
  Scratch& scratch() { return scratch_; }
  template <class T>
  T* values() {
    return scratch_.values<T>(rows() + 1);
  }
  uint8_t* bits() { return scratch_.values<uint8_t>(bytes_of_bits(rows()) + 8); }

  // The row has no answer. The first failure of a row is kept.
  void fail(const Step& step, int64_t row, std::string message);
  // Rows that failed, or null.
  const uint8_t* failed() const { return failed_; }

  // Rows where all are present; null: all rows. The bitmap may belong to one of the arguments.
  const uint8_t* validity_of(std::span<const Value> args);
  Column column(Type type, const void* data, const uint8_t* validity) const;
  // A constant written out for each row; a column as it is.
  Column expand(const Value& value);

 private:
  const Batch& batch_;
  Scratch& scratch_;
  std::string_view field_;
  uint8_t* failed_ = nullptr;
};

// The families of operators; `args` are computed already.
Value compute_arithmetic(Evaluation&, const Step&, std::span<const Value> args,
                         const uint8_t* active);
Value compute_comparison(Evaluation&, const Step&, std::span<const Value> args);
Value compute_in(Evaluation&, const Step&, std::span<const Value> args);
Value compute_logic(Evaluation&, const Step&, std::span<const Value> args);
Value compute_cast(Evaluation&, const Step&, std::span<const Value> args, const uint8_t* active);
Value compute_extreme(Evaluation&, const Step&, std::span<const Value> args);
Value compute_text_function(Evaluation&, const Step&, std::span<const Value> args,
                            const uint8_t* active);
// Casts from or to a date or time.
Value compute_time_cast(Evaluation&, const Step&, std::span<const Value> args,
                        const uint8_t* active);
// The first argument is the part, which the step holds.
Value compute_date_function(Evaluation&, const Step&, std::span<const Value> args,
                            const uint8_t* active);
// What stands after the first argument is in the step.
Value compute_regex(Evaluation&, const Step&, std::span<const Value> args);
// These compute their arguments themselves, each for the rows that need it.
Value compute_case(Evaluation&, const Step&, const uint8_t* active);
Value compute_coalesce(Evaluation&, const Step&, const uint8_t* active);

std::unique_ptr<Members> collect_members(const Step& in);

// What became of one row of a kernel.
enum class Outcome : uint8_t { ok, null, bad };

// f(i, out[i]) for every row; where an argument is null, the outcome counts for nothing.
// Outcome::bad makes an error of an active row, with the text that describe(i) gives; a TRY_CAST
// leaves it null.
template <class Out, class F, class D>
Value compute_rows(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                   const uint8_t* active, F f, D describe) {
  const int64_t rows = evaluation.rows();
  Out* out = evaluation.values<Out>();
  const uint8_t* validity = evaluation.validity_of(args);
  uint8_t* made = nullptr;  // a validity of our own
  for (int64_t i = 0; i < rows; ++i) {
    const Outcome outcome = f(i, out[i]);
    if (outcome == Outcome::ok) [[likely]]
      continue;
    out[i] = Out();
    if (made == nullptr) {
      made = evaluation.bits();
      if (validity != nullptr) {
        std::memcpy(made, validity, size_t(bytes_of_bits(rows)));
      } else {
        std::memset(made, 0xFF, size_t(bytes_of_bits(rows)));
      }
      validity = made;
    }
    if (!get_bit(made, i)) continue;
    clear_bit(made, i);
    if (outcome == Outcome::bad && !step.try_cast && (active == nullptr || get_bit(active, i))) {
      evaluation.fail(step, i, describe(i));
    }
  }
  return {evaluation.column(step.type, out, validity)};
}

// f(i, text) for every row that is there, as in compute_rows; the text is copied at once.
template <class F, class D>
Value compute_text(Evaluation& evaluation, const Step& step, const uint8_t* validity,
                   const uint8_t* active, F f, D describe) {
  ColumnBuffer& out = evaluation.scratch().column(Type::string);
  for (int64_t i = 0; i < evaluation.rows(); ++i) {
    std::string_view text;
    const bool present = validity == nullptr || get_bit(validity, i);
    const Outcome outcome = present ? f(i, text) : Outcome::null;
    if (outcome == Outcome::ok) [[likely]] {
      evaluation.scratch().count_text(text.size());
      out.append(text);
      continue;
    }
    out.append_null();
    if (outcome == Outcome::bad && !step.try_cast && (active == nullptr || get_bit(active, i))) {
      evaluation.fail(step, i, describe(i));
    }
  }
  return {out.view()};
}

// The values of an argument by row; a constant's one value for each.
template <class T>
struct Operand {
  const T* values;
  int64_t mask;
  explicit Operand(const Value& value)
      : values(value.column.values<T>()), mask(value.constant ? 0 : -1) {}
  T operator[](int64_t i) const { return values[i & mask]; }
};
struct BooleanOperand {
  const uint8_t* values;
  int64_t mask;
  explicit BooleanOperand(const Value& value)
      : values(static_cast<const uint8_t*>(value.column.data)), mask(value.constant ? 0 : -1) {}
  bool operator[](int64_t i) const { return get_bit(values, i & mask); }
};
struct TextOperand {
  Column column;
  int64_t mask;
  explicit TextOperand(const Value& value) : column(value.column), mask(value.constant ? 0 : -1) {}
  std::string_view operator[](int64_t i) const { return column.string(i & mask); }
};

// Calls f with the operand type of `type`: Operand<…>, BooleanOperand or TextOperand, as a null
// pointer.
template <class F>
auto with_operand(Type type, F f) {
  switch (type) {
    case Type::boolean:
      return f(static_cast<BooleanOperand*>(nullptr));
    case Type::float64:
      return f(static_cast<Operand<double>*>(nullptr));
    case Type::string:
      return f(static_cast<TextOperand*>(nullptr));
    case Type::date:
      return f(static_cast<Operand<int32_t>*>(nullptr));
    default:
      return f(static_cast<Operand<int64_t>*>(nullptr));
  }
}

}  // namespace gristmill::expr_internal
