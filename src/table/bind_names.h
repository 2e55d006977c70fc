// What DuckDB calls the functions and operators of the closed list.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gristmill {

struct FunctionName {
  std::string_view op;
  bool negated = false;       // NOT LIKE
  bool ignores_case = false;  // ILIKE: arguments in lower case
  std::string_view part;      // year(x): the part that the name stands for
};

// By the name of a bound function, in lower case.
const std::map<std::string_view, FunctionName>& op_of_function();
// By the kind of another bound expression: COMPARE_EQUAL, OPERATOR_IS_NULL, …
const std::map<std::string_view, std::string_view>& op_of_operator();
// What people write for functions that DuckDB names by operators.
std::string written_name(const std::string& name);

}  // namespace gristmill
