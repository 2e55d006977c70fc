// Functions of text.
#include <fmt/format.h>

#include "expr/evaluation.h"
#include "expr/like.h"
#include "expr/substring.h"
#include "expr/utf8.h"

namespace gristmill::expr_internal {
namespace {

using std::string_view;

constexpr size_t longest_text = size_t(16) << 20;  // that is put together, of one row

// F(i) → the text of row i, where all arguments are there.
template <class F>
Value texts(Evaluation& evaluation, const Step& step, std::span<const Value> args, F f) {
  return compute_text(
      evaluation, step, evaluation.validity_of(args), nullptr,
      [&](int64_t i, string_view& out) {
        out = f(i);
        return Outcome::ok;
      },
      [](int64_t) { return std::string(); });
}

template <class F>
Value test(Evaluation& evaluation, std::span<const Value> args, F f) {
  const TextOperand text(args[0]), other(args[1]);
  uint8_t* data = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) { return f(text[i], other[i]); });
  return {evaluation.column(Type::boolean, data, evaluation.validity_of(args))};
}

Value length(Evaluation& evaluation, std::span<const Value> args) {
  const TextOperand text(args[0]);
  int64_t* out = evaluation.values<int64_t>();
  for (int64_t i = 0; i < evaluation.rows(); ++i) out[i] = count_characters(text[i]);
  return {evaluation.column(Type::int64, out, evaluation.validity_of(args))};
}

Value change_case(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const TextOperand text(args[0]);
  const bool lower = step.op == Op::lower;
  std::string buffer;
  return texts(evaluation, step, args, [&](int64_t i) {
    buffer.clear();
    lower ? append_lower(text[i], buffer) : append_upper(text[i], buffer);
    return string_view(buffer);
  });
}

// F(character) → whether it goes.
template <class F>
string_view trimmed_of(string_view text, Op op, F goes) {
  size_t begin = 0;
  while (op != Op::rtrim && begin < text.size()) {
    const size_t size = character_size(text, begin);
    if (!goes(text.substr(begin, size))) break;
    begin += size;
  }
  size_t end = op == Op::ltrim ? text.size() : begin;
  for (size_t next = begin; op != Op::ltrim && next < text.size();) {
    const size_t size = character_size(text, next);
    const bool stays = !goes(text.substr(next, size));
    next += size;
    if (stays) end = next;
  }
  return text.substr(begin, end - begin);
}

Value trim(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const TextOperand text(args[0]);
  if (args.size() == 1) {
    return texts(evaluation, step, args,
                 [&](int64_t i) { return trimmed_of(text[i], step.op, is_blank_character); });
  }
  const TextOperand characters(args[1]);
  CharacterSet goes;
  return texts(evaluation, step, args, [&](int64_t i) {
    goes.assign(characters[i]);
    return trimmed_of(text[i], step.op,
                      [&](string_view character) { return goes.contains(character); });
  });
}

Value part(Evaluation& evaluation, const Step& step, std::span<const Value> args,
           const uint8_t* active) {
  const TextOperand text(args[0]);
  const Operand<int64_t> from(args[1]), length(args.back());
  return compute_text(
      evaluation, step, evaluation.validity_of(args), active,
      [&](int64_t i, string_view& out) {
        const bool done =
            step.op == Op::left ? first_characters(text[i], from[i], out)
            : step.op == Op::right
                ? last_characters(text[i], from[i], out)
                : substring(text[i], from[i], args.size() == 3 ? length[i] : all_characters, out);
        return done ? Outcome::ok : Outcome::bad;
      },
      [&](int64_t i) {
        return fmt::format("a part of text from {} on, or of as many characters, is out of range",
                           from[i]);
      });
}

// F(i, buffer) builds the text of row i; false when it would be longer than one may be.
template <class F>
Value built_texts(Evaluation& evaluation, const Step& step, const uint8_t* validity,
                  const uint8_t* active, F build) {
  std::string buffer;
  return compute_text(
      evaluation, step, validity, active,
      [&](int64_t i, string_view& out) {
        buffer.clear();
        if (!build(i, buffer)) return Outcome::bad;
        out = buffer;
        return Outcome::ok;
      },
      [](int64_t) {
        return fmt::format("the text would be longer than {} MiB", longest_text >> 20);
      });
}

bool add(string_view text, std::string& buffer) {
  if (buffer.size() + text.size() > longest_text) return false;
  buffer += text;
  return true;
}

Value join(Evaluation& evaluation, const Step& step, std::span<const Value> args,
           const uint8_t* active) {
  std::vector<TextOperand> operands(args.begin(), args.end());
  // For `concat` NULL is empty.
  const bool skips_null = step.op == Op::concat;
  return built_texts(evaluation, step, skips_null ? nullptr : evaluation.validity_of(args), active,
                     [&](int64_t i, std::string& buffer) {
                       for (size_t k = 0; k < args.size(); ++k) {
                         if (!args[k].is_null(i) && !add(operands[k][i], buffer)) return false;
                       }
                       return true;
                     });
}

Value replace(Evaluation& evaluation, const Step& step, std::span<const Value> args,
              const uint8_t* active) {
  const TextOperand text(args[0]), from(args[1]), to(args[2]);
  return built_texts(
      evaluation, step, evaluation.validity_of(args), active, [&](int64_t i, std::string& buffer) {
        string_view rest = text[i];
        const string_view wanted = from[i];
        for (size_t at; !wanted.empty() && (at = find_text(rest, wanted)) != string_view::npos;) {
          if (!add(rest.substr(0, at), buffer) || !add(to[i], buffer)) return false;
          rest.remove_prefix(at + wanted.size());
        }
        return add(rest, buffer);
      });
}

}  // namespace

Value compute_text_function(Evaluation& evaluation, const Step& step, std::span<const Value> args,
                            const uint8_t* active) {
  switch (step.op) {
    case Op::lower:
    case Op::upper:
      return change_case(evaluation, step, args);
    case Op::trim:
    case Op::ltrim:
    case Op::rtrim:
      return trim(evaluation, step, args);
    case Op::length:
      return length(evaluation, args);
    case Op::substr:
    case Op::left:
    case Op::right:
      return part(evaluation, step, args, active);
    case Op::contains:
      return test(evaluation, args, [](string_view text, string_view part) {
        return find_text(text, part) != string_view::npos;
      });
    case Op::starts_with:
      return test(evaluation, args,
                  [](string_view text, string_view part) { return text.starts_with(part); });
    case Op::ends_with:
      return test(evaluation, args,
                  [](string_view text, string_view part) { return text.ends_with(part); });
    case Op::like:
      return test(evaluation, args, is_like);
    case Op::replace:
      return replace(evaluation, step, args, active);
    default:
      return join(evaluation, step, args, active);
  }
}

}  // namespace gristmill::expr_internal
