#include "table/bind_names.h"

namespace gristmill {

const std::map<std::string_view, FunctionName>& op_of_function() {
  static const std::map<std::string_view, FunctionName> ops = {
      {"+", {"+"}},
      {"add", {"+"}},
      {"-", {"-"}},
      {"subtract", {"-"}},
      {"*", {"*"}},
      {"multiply", {"*"}},
      {"/", {"/"}},
      {"//", {"//"}},
      {"divide", {"//"}},
      {"%", {"%"}},
      {"mod", {"%"}},
      {"**", {"**"}},
      {"^", {"**"}},
      {"pow", {"**"}},
      {"power", {"**"}},
      {"abs", {"abs"}},
      {"@", {"abs"}},
      {"round", {"round"}},
      {"floor", {"floor"}},
      {"ceil", {"ceil"}},
      {"ceiling", {"ceil"}},
      {"sqrt", {"sqrt"}},
      {"ln", {"ln"}},
      {"exp", {"exp"}},
      {"greatest", {"greatest"}},
      {"least", {"least"}},
      {"lower", {"lower"}},
      {"lcase", {"lower"}},
      {"upper", {"upper"}},
      {"ucase", {"upper"}},
      {"trim", {"trim"}},
      {"ltrim", {"ltrim"}},
      {"rtrim", {"rtrim"}},
      {"length", {"length"}},
      {"len", {"length"}},
      {"char_length", {"length"}},
      {"character_length", {"length"}},
      {"substr", {"substr"}},
      {"substring", {"substr"}},
      {"left", {"left"}},
      {"right", {"right"}},
      {"contains", {"contains"}},
      {"starts_with", {"starts_with"}},
      {"prefix", {"starts_with"}},
      {"^@", {"starts_with"}},
      {"ends_with", {"ends_with"}},
      {"suffix", {"ends_with"}},
      {"~~", {"like"}},
      {"!~~", {.op = "like", .negated = true}},
      {"~~*", {.op = "like", .ignores_case = true}},
      {"!~~*", {.op = "like", .negated = true, .ignores_case = true}},
      {"||", {"||"}},
      {"concat", {"concat"}},
      {"replace", {"replace"}},
  };
  return ops;
}

const std::map<std::string_view, std::string_view>& op_of_operator() {
  static const std::map<std::string_view, std::string_view> ops = {
      {"COMPARE_EQUAL", "="},
      {"COMPARE_NOTEQUAL", "<>"},
      {"COMPARE_LESSTHAN", "<"},
      {"COMPARE_LESSTHANOREQUALTO", "<="},
      {"COMPARE_GREATERTHAN", ">"},
      {"COMPARE_GREATERTHANOREQUALTO", ">="},
      {"COMPARE_DISTINCT_FROM", "is distinct from"},
      {"COMPARE_NOT_DISTINCT_FROM", "is not distinct from"},
      {"CONJUNCTION_AND", "and"},
      {"CONJUNCTION_OR", "or"},
      {"OPERATOR_NOT", "not"},
      {"OPERATOR_IS_NULL", "is null"},
      {"OPERATOR_IS_NOT_NULL", "is not null"},
      {"OPERATOR_COALESCE", "coalesce"},
      {"COMPARE_IN", "in"},
      {"COMPARE_NOT_IN", "in"},
  };
  return ops;
}

// What people write for functions that DuckDB names by operators.
std::string written_name(const std::string& name) {
  static const std::map<std::string_view, std::string_view> names = {
      {"~~~", "GLOB"},
      {"like_escape", "ESCAPE"},
      {"not_like_escape", "ESCAPE"},
      {"ilike_escape", "ESCAPE"},
      {"not_ilike_escape", "ESCAPE"},
      {"regexp_full_match", "SIMILAR TO"},
      {"list_value", "[…]"},
      {"struct_pack", "{…}"},
      {"row", "(a, b)"},
      {"array_extract", "x[…]"},
      {"struct_extract", "x.y"},
  };
  auto found = names.find(name);
  return found == names.end() ? name : std::string(found->second);
}

}  // namespace gristmill
