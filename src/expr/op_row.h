// A row of the list of operators.
#pragma once

#include <span>
#include <string_view>

#include "expr/op.h"

namespace gristmill {

struct OpRow {
  Op op;
  std::string_view name;
  size_t least_args, most_args;
  std::string_view signature;
  std::string_view text;
};

// In the order of the docs.
std::span<const OpRow> all_op_rows();

}  // namespace gristmill
