// regexp_matches, regexp_full_match and regexp_extract: all but the text is constant.
#include "base/error.h"
#include "expr/evaluation.h"

namespace gristmill::expr_internal {
namespace {

// An argument that must be a constant; null: not given.
const nlohmann::json* constant_at(const ExprNode& node, size_t at) {
  return at < node.args.size() ? &node.args[at].value : nullptr;
}

Value nulls(Evaluation& evaluation, const Step& step) {
  const Value none{step.constant.view(), true};
  return {evaluation.expand(none)};
}

}  // namespace

RegexCall read_regex_call(const ExprNode& node) {
  const bool extracts = node.op == "regexp_extract";
  RegexCall call;
  if (const auto* group = extracts ? constant_at(node, 2) : nullptr; group != nullptr) {
    call.group = no_regex_group;
    if (!group->is_null()) {
      if (*group < 0 || *group > most_regex_group) {
        throw Error(Code::invalid, "the group of `regexp_extract` is a number from 0 to 9");
      }
      call.group = group->get<int>();
    }
  }
  std::string_view options;
  if (const auto* given = constant_at(node, extracts ? 3 : 2); given != nullptr) {
    if (given->is_null()) throw Error(Code::invalid, "the options of `" + node.op + "` are NULL");
    options = given->get_ref<const std::string&>();
  }
  const nlohmann::json& pattern = node.args[1].value;
  if (!pattern.is_null()) {
    call.regex = std::make_unique<Regex>(pattern.get_ref<const std::string&>(), options);
  }
  return call;
}

Value compute_regex(Evaluation& evaluation, const Step& step, std::span<const Value> args) {
  const Regex* regex = step.regex.regex.get();
  if (regex == nullptr) return nulls(evaluation, step);
  const TextOperand text(args[0]);
  const uint8_t* validity = evaluation.validity_of(args.first(1));
  if (step.op == Op::regexp_extract) {
    return compute_text(
        evaluation, step, validity, nullptr,
        [&](int64_t i, std::string_view& out) {
          out = regex->extract(text[i], step.regex.group);
          return Outcome::ok;
        },
        [](int64_t) { return std::string(); });
  }
  uint8_t* data = evaluation.bits();
  fill_bits(data, evaluation.rows(), [&](int64_t i) {
    return step.op == Op::regexp_matches ? regex->matches(text[i]) : regex->matches_all(text[i]);
  });
  return {evaluation.column(Type::boolean, data, validity)};
}

}  // namespace gristmill::expr_internal
