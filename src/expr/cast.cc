#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "expr/evaluation.h"
#include "expr/number_text.h"
#include "frame/cell.h"

namespace gristmill::expr_internal {
namespace {

// One cast of one column, with what it needs on each row.
struct Cast {
  Evaluation& evaluation;
  const Step& step;
  std::span<const Value> args;
  const uint8_t* active;

  std::string_view target() const {
    if (!step.range) return sql_name(step.type);
    return step.range->highest == 127     ? "TINYINT"
           : step.range->highest == 32767 ? "SMALLINT"
                                          : "INTEGER";
  }

  // F(value, out) → whether it can be done; S(value) → its text in an error.
  template <class Out, class From, class F, class S>
  Value run(F f, S shown) const {
    const From from(args[0]);
    return compute_rows<Out>(
        evaluation, step, args, active,
        [&](int64_t i, Out& out) { return f(from[i], out) ? Outcome::ok : Outcome::bad; },
        [&](int64_t i) { return fmt::format("cannot cast {} to {}", shown(from[i]), target()); });
  }

  bool in_range(int64_t value) const {
    return !step.range || (value >= step.range->lowest && value <= step.range->highest);
  }

  Value to_int64() const;
  Value to_float64() const;
  Value to_boolean() const;
  Value to_text() const;
  // Booleans are made a byte a row first.
  Value pack(const Value& bytes) const;
};

bool round_to_int64(double value, int64_t& out) {
  const double rounded = std::nearbyint(value);
  // nan fails both; 2^63 itself is out of range.
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return false;
  out = static_cast<int64_t>(rounded);
  return true;
}

Value Cast::to_int64() const {
  switch (step.args[0].type) {
    case Type::boolean:
      return run<int64_t, BooleanOperand>([](bool from, int64_t& out) { return out = from, true; },
                                          [](bool from) { return std::to_string(from); });
    case Type::float64:
      return run<int64_t, Operand<double>>(
          [&](double from, int64_t& out) { return round_to_int64(from, out) && in_range(out); },
          float64_text);
    case Type::string:
      return run<int64_t, TextOperand>(
          [&](std::string_view from, int64_t& out) {
            return read_int64(from, out) && in_range(out);
          },
          excerpt);
    default:
      if (!step.range) return args[0];
      return run<int64_t, Operand<int64_t>>(
          [&](int64_t from, int64_t& out) { return in_range(out = from); },
          [](int64_t from) { return std::to_string(from); });
  }
}

Value Cast::to_float64() const {
  switch (step.args[0].type) {
    case Type::boolean:
      return run<double, BooleanOperand>([](bool from, double& out) { return out = from, true; },
                                         [](bool from) { return std::to_string(from); });
    case Type::int64:
      return run<double, Operand<int64_t>>(
          [](int64_t from, double& out) { return out = static_cast<double>(from), true; },
          [](int64_t from) { return std::to_string(from); });
    default:
      return run<double, TextOperand>(read_float64, excerpt);
  }
}

Value Cast::pack(const Value& bytes) const {
  const auto* from = bytes.column.values<uint8_t>();
  uint8_t* data = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) { return from[i] != 0; });
  return {evaluation.column(Type::boolean, data, bytes.column.validity)};
}

Value Cast::to_boolean() const {
  switch (step.args[0].type) {
    case Type::int64:
      return pack(run<uint8_t, Operand<int64_t>>(
          [](int64_t from, uint8_t& out) { return out = from != 0, true; },
          [](int64_t from) { return std::to_string(from); }));
    case Type::float64:
      return pack(run<uint8_t, Operand<double>>(
          [](double from, uint8_t& out) { return out = from != 0, true; }, float64_text));
    default:
      return pack(run<uint8_t, TextOperand>(
          [](std::string_view from, uint8_t& out) {
            bool value = false;
            const bool read = read_boolean(from, value);
            out = value;
            return read;
          },
          excerpt));
  }
}

Value Cast::to_text() const {
  ColumnBuffer& out = evaluation.scratch().column(Type::string);
  const Value& from = args[0];
  auto append_each = [&](auto append) {
    for (int64_t i = 0; i < evaluation.rows(); ++i) {
      if (from.is_null(i)) {
        out.append_null();
      } else {
        append(i);
      }
    }
  };
  char buffer[40];
  switch (step.args[0].type) {
    case Type::boolean:
      append_each([&](int64_t i) {
        out.append(BooleanOperand(from)[i] ? std::string_view("true") : std::string_view("false"));
      });
      break;
    case Type::int64:
      append_each([&](int64_t i) {
        const char* end =
            std::to_chars(buffer, buffer + sizeof buffer, Operand<int64_t>(from)[i]).ptr;
        out.append(std::string_view(buffer, size_t(end - buffer)));
      });
      break;
    default:
      append_each([&](int64_t i) { out.append(write_float64(Operand<double>(from)[i], buffer)); });
  }
  return {out.view()};
}

}  // namespace

Value compute_cast(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                   const uint8_t* active) {
  const Cast cast{evaluation, step, args, active};
  const Type from = step.args[0].type;
  if (step.type == from && !step.range) return args[0];
  if (is_time(step.type) || is_time(from)) {
    return compute_time_cast(evaluation, step, args, active);
  }
  switch (step.type) {
    case Type::boolean:
      return cast.to_boolean();
    case Type::int64:
      return cast.to_int64();
    case Type::float64:
      return cast.to_float64();
    default:
      return cast.to_text();
  }
}

}  // namespace gristmill::expr_internal
