// date_part, date_trunc and date_diff over columns.
#include <fmt/format.h>

#include "expr/date_part.h"
#include "expr/evaluation.h"

namespace gristmill::expr_internal {
namespace {

// Calls f with the operand of dates (int32_t) or of times (int64_t), as a null pointer.
template <class F>
Value with_times(Type type, F f) {
  if (type == Type::date) return f(static_cast<Operand<int32_t>*>(nullptr));
  return f(static_cast<Operand<int64_t>*>(nullptr));
}

template <class Rows>
Value part_of(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const Rows from(args[1]);
  const Type type = step.args[1].type;
  auto run = [&]<class Out>(Out*, auto f) {
    return compute_rows<Out>(
        evaluation, step, args, nullptr,
        [&](int64_t i, Out& out) {
          if (!is_finite(from[i])) return Outcome::null;
          out = f(Moment::of(from[i], type));
          return Outcome::ok;
        },
        [](int64_t) { return std::string(); });
  };
  if (step.part == DatePart::epoch) return run(static_cast<double*>(nullptr), epoch);
  if (is_part_of_day(step.part)) {
    return run(static_cast<int64_t*>(nullptr),
               [&](const Moment& moment) { return date_part(step.part, moment); });
  }
  // Rows of one day often follow one another.
  int64_t day = INT64_MAX, part = 0;
  return run(static_cast<int64_t*>(nullptr), [&](const Moment& moment) {
    if (moment.days != day) {
      day = moment.days;
      part = date_part(step.part, moment);
    }
    return part;
  });
}

template <class Rows>
Value truncated(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                const uint8_t* active) {
  const Rows from(args[1]);
  const Type type = step.args[1].type;
  return compute_rows<int64_t>(
      evaluation, step, args, active,
      [&](int64_t i, int64_t& out) {
        if (!is_finite(from[i])) {
          out = from[i] > 0 ? last_time : -last_time;
          return Outcome::ok;
        }
        return date_trunc(step.part, Moment::of(from[i], type), out) ? Outcome::ok : Outcome::bad;
      },
      [](int64_t) { return std::string("the date is beyond the range of TIMESTAMP"); });
}

template <class Rows>
Value difference(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                 const uint8_t* active) {
  const Rows from(args[1]), to(args[2]);
  const Type type = step.args[1].type;
  return compute_rows<int64_t>(
      evaluation, step, args, active,
      [&](int64_t i, int64_t& out) {
        if (!is_finite(from[i]) || !is_finite(to[i])) return Outcome::null;
        return date_diff(step.part, Moment::of(from[i], type), Moment::of(to[i], type), out)
                   ? Outcome::ok
                   : Outcome::bad;
      },
      [](int64_t) { return std::string("the difference is beyond the range of BIGINT"); });
}

}  // namespace

Value compute_date_function(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                            const uint8_t* active) {
  return with_times(step.args[1].type, [&]<class Rows>(Rows*) {
    return step.op == Op::date_part    ? part_of<Rows>(evaluation, step, args)
           : step.op == Op::date_trunc ? truncated<Rows>(evaluation, step, args, active)
                                       : difference<Rows>(evaluation, step, args, active);
  });
}

}  // namespace gristmill::expr_internal
