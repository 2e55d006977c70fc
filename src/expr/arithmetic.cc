#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "expr/evaluation.h"
#include "expr/number_text.h"

namespace gristmill::expr_internal {
namespace {

constexpr int64_t lowest = std::numeric_limits<int64_t>::min();

Outcome done(bool overflow) { return overflow ? Outcome::bad : Outcome::ok; }

// Binary on whole numbers; F(a, b, out) → Outcome.
template <class F>
Value whole(Evaluation& evaluation, const Step& step, std::span<const Value> args,
            const uint8_t* active, std::string_view sign, F f) {
  const Operand<int64_t> a(args[0]), b(args[1]);
  return compute_rows<int64_t>(
      evaluation, step, args, active, [&](int64_t i, int64_t& out) { return f(a[i], b[i], out); },
      [&](int64_t i) {
        return fmt::format("{} {} {} is beyond the range of BIGINT", a[i], sign, b[i]);
      });
}

// Never fails: F(a, b) → double.
template <class F>
Value real(Evaluation& evaluation, const Step& step, std::span<const Value> args, F f) {
  const Operand<double> a(args[0]), b(args[1]);
  return compute_rows<double>(
      evaluation, step, args, nullptr,
      [&](int64_t i, double& out) {
        out = f(a[i], b[i]);
        return Outcome::ok;
      },
      [](int64_t) { return std::string(); });
}

// Unary: F(a, out) → Outcome.
template <class T, class F>
Value unary(Evaluation& evaluation, const Step& step, std::span<const Value> args,
            const uint8_t* active, std::string_view what, F f) {
  const Operand<T> a(args[0]);
  return compute_rows<T>(
      evaluation, step, args, active, [&](int64_t i, T& out) { return f(a[i], out); },
      [&](int64_t i) {
        if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{} {}", what, float64_text(a[i]));
        } else {
          return fmt::format("{} {} is beyond the range of BIGINT", what, a[i]);
        }
      });
}

template <class F>
Value plain(Evaluation& evaluation, const Step& step, std::span<const Value> args, F f) {
  return unary<double>(evaluation, step, args, nullptr, "", [&](double a, double& out) {
    out = f(a);
    return Outcome::ok;
  });
}

// The power of ten is the same for all rows as long as the digits are.
class DigitRounder {
 public:
  double operator()(double value, int64_t digits) {
    if (digits != digits_) {
      digits_ = digits;
      unit_ = std::pow(10, std::fabs(static_cast<double>(digits)));
    }
    const double rounded =
        digits < 0 ? std::round(value / unit_) * unit_ : std::round(value * unit_) / unit_;
    if (std::isfinite(rounded)) return rounded;
    return digits < 0 ? 0 : value;
  }
  // Wraps near the ends of the range instead of failing, as DuckDB does.
  int64_t operator()(int64_t value, int64_t digits);

 private:
  int64_t digits_ = 0;
  double unit_ = 1;
};

int64_t DigitRounder::operator()(int64_t value, int64_t digits) {
  if (digits >= 0) return value;
  if (digits < -18) return 0;
  int64_t unit = 1;
  for (int64_t i = 0; i < -digits; ++i) unit *= 10;
  const uint64_t half = static_cast<uint64_t>(unit / 2);
  const auto moved = static_cast<int64_t>(value < 0 ? static_cast<uint64_t>(value) - half
                                                    : static_cast<uint64_t>(value) + half);
  return static_cast<int64_t>(static_cast<uint64_t>(moved / unit) * static_cast<uint64_t>(unit));
}

template <class T>
Value round_digits(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const Operand<T> a(args[0]);
  const Operand<int64_t> digits(args[1]);
  DigitRounder round_to;
  return compute_rows<T>(
      evaluation, step, args, nullptr,
      [&](int64_t i, T& out) {
        out = round_to(a[i], digits[i]);
        return Outcome::ok;
      },
      [](int64_t) { return std::string(); });
}

Value compute_whole(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                    const uint8_t* active) {
  switch (step.op) {
    case Op::add:
      return whole(evaluation, step, args, active, "+", [](int64_t a, int64_t b, int64_t& out) {
        return done(__builtin_add_overflow(a, b, &out));
      });
    case Op::subtract:
      return whole(evaluation, step, args, active, "-", [](int64_t a, int64_t b, int64_t& out) {
        return done(__builtin_sub_overflow(a, b, &out));
      });
    case Op::multiply:
      return whole(evaluation, step, args, active, "*", [](int64_t a, int64_t b, int64_t& out) {
        return done(__builtin_mul_overflow(a, b, &out));
      });
    case Op::integer_divide:
      return whole(evaluation, step, args, active, "//", [](int64_t a, int64_t b, int64_t& out) {
        if (b == 0) return Outcome::null;
        if (b == -1 && a == lowest) return Outcome::bad;
        out = a / b;
        return Outcome::ok;
      });
    case Op::modulo:
      return whole(evaluation, step, args, active, "%", [](int64_t a, int64_t b, int64_t& out) {
        if (b == 0) return Outcome::null;
        if (b == -1 && a == lowest) return Outcome::bad;
        out = a % b;
        return Outcome::ok;
      });
    case Op::negate:
      return unary<int64_t>(evaluation, step, args, active, "minus", [](int64_t a, int64_t& out) {
        return done(__builtin_sub_overflow(int64_t(0), a, &out));
      });
    case Op::abs:
      return unary<int64_t>(evaluation, step, args, active, "the absolute value of",
                            [](int64_t a, int64_t& out) {
                              if (a == lowest) return Outcome::bad;
                              out = a < 0 ? -a : a;
                              return Outcome::ok;
                            });
    default:  // round
      return args.size() == 1 ? args[0] : round_digits<int64_t>(evaluation, step, args);
  }
}

}  // namespace

Value compute_arithmetic(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                         const uint8_t* active) {
  if (step.type == Type::int64) return compute_whole(evaluation, step, args, active);
  switch (step.op) {
    case Op::add:
      return real(evaluation, step, args, [](double a, double b) { return a + b; });
    case Op::subtract:
      return real(evaluation, step, args, [](double a, double b) { return a - b; });
    case Op::multiply:
      return real(evaluation, step, args, [](double a, double b) { return a * b; });
    case Op::divide:
      return real(evaluation, step, args, [](double a, double b) { return a / b; });
    case Op::modulo:
      return real(evaluation, step, args, [](double a, double b) { return std::fmod(a, b); });
    case Op::power:
      return real(evaluation, step, args, [](double a, double b) { return std::pow(a, b); });
    case Op::integer_divide: {
      const Operand<double> a(args[0]), b(args[1]);
      return compute_rows<double>(
          evaluation, step, args, nullptr,
          [&](int64_t i, double& out) {
            out = a[i] / b[i];
            return b[i] == 0 ? Outcome::null : Outcome::ok;
          },
          [](int64_t) { return std::string(); });
    }
    case Op::negate:
      return plain(evaluation, step, args, [](double a) { return -a; });
    case Op::abs:
      return plain(evaluation, step, args, [](double a) { return std::fabs(a); });
    case Op::floor:
      return plain(evaluation, step, args, [](double a) { return std::floor(a); });
    case Op::ceil:
      return plain(evaluation, step, args, [](double a) { return std::ceil(a); });
    case Op::exp:
      return plain(evaluation, step, args, [](double a) { return std::exp(a); });
    case Op::round:
      if (args.size() == 2) return round_digits<double>(evaluation, step, args);
      return plain(evaluation, step, args, [](double a) { return std::round(a); });
    case Op::sqrt:
      return unary<double>(evaluation, step, args, active, "no square root of the negative number",
                           [](double a, double& out) {
                             out = std::sqrt(a);
                             return done(a < 0);
                           });
    default:  // ln
      return unary<double>(evaluation, step, args, active, "no logarithm of",
                           [](double a, double& out) {
                             out = std::log(a);
                             return done(a <= 0);
                           });
  }
}

}  // namespace gristmill::expr_internal
