// Casts of dates and times: among themselves, and from and to text.
#include <fmt/format.h>

#include "base/text.h"
#include "expr/date_part.h"
#include "expr/evaluation.h"
#include "expr/time_text.h"
#include "frame/civil.h"

namespace gristmill::expr_internal {
namespace {

// F(value, out) → whether it can be done; S(value) → its text in an error.
template <class Out, class From, class F, class S>
Value run(Evaluation& evaluation, const Step& step, std::span<const Value> args,
          const uint8_t* active, F f, S shown) {
  const From from(args[0]);
  return compute_rows<Out>(
      evaluation, step, args, active,
      [&](int64_t i, Out& out) { return f(from[i], out) ? Outcome::ok : Outcome::bad; },
      [&](int64_t i) {
        return fmt::format("cannot cast {} to {}", shown(from[i]), sql_name(step.type));
      });
}

bool date_of(int64_t micros, int32_t& days) {
  days = !is_finite(micros) ? (micros > 0 ? last_date : -last_date)
                            : static_cast<int32_t>(days_of_micros(micros));
  return true;
}

bool time_of(int32_t days, int64_t& micros) {
  if (!is_finite(days)) {
    micros = days > 0 ? last_time : -last_time;
    return true;
  }
  return !__builtin_mul_overflow(int64_t(days), micros_per_day, &micros);
}

std::string shown_date(int32_t days) {
  std::string text;
  append_date_text(days, text);
  return text;
}
std::string shown_micros(int64_t micros) { return fmt::format("{} microseconds", micros); }

Value from_text(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                const uint8_t* active) {
  if (step.type == Type::date) {
    return run<int32_t, TextOperand>(evaluation, step, args, active, read_date, excerpt);
  }
  const bool zoned = step.type == Type::timestamptz;
  return run<int64_t, TextOperand>(
      evaluation, step, args, active,
      [&](std::string_view text, int64_t& out) { return read_timestamp(text, zoned, out); },
      excerpt);
}

Value to_text(Evaluation& evaluation, const Step& step, std::span<const Value> args,
              const uint8_t* active) {
  const Type type = step.args[0].type;
  std::string buffer;
  return compute_text(
      evaluation, step, evaluation.validity_of(args), active,
      [&](int64_t i, std::string_view& out) {
        buffer.clear();
        bool done = true;
        if (type == Type::date) {
          append_date_text(Operand<int32_t>(args[0])[i], buffer);
        } else {
          done = append_timestamp_text(Operand<int64_t>(args[0])[i], type == Type::timestamptz,
                                       buffer);
        }
        out = buffer;
        return done ? Outcome::ok : Outcome::bad;
      },
      [](int64_t) { return std::string("the time is beyond the range of TIMESTAMP"); });
}

}  // namespace

Value compute_time_cast(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                        const uint8_t* active) {
  const Type from = step.args[0].type;
  if (from == Type::string) return from_text(evaluation, step, args, active);
  if (step.type == Type::string) return to_text(evaluation, step, args, active);
  if (step.type == Type::date) {
    return run<int32_t, Operand<int64_t>>(evaluation, step, args, active, date_of, shown_micros);
  }
  if (from == Type::date) {
    return run<int64_t, Operand<int32_t>>(evaluation, step, args, active, time_of, shown_date);
  }
  Value same = args[0];
  same.column.type = step.type;
  return same;
}

}  // namespace gristmill::expr_internal
