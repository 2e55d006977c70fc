// SQL's LIKE.
#pragma once

#include <string_view>

namespace gristmill::expr_internal {

// `%` stands for any text, `_` for one character. In time text × pattern.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace gristmill::expr_internal
