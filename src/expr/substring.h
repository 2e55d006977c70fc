// Parts of a text by characters, with DuckDB's meaning of negative and far arguments.
#pragma once

#include <cstdint>
#include <string_view>

namespace gristmill::expr_internal {

// What a length that is not given stands for.
inline constexpr int64_t all_characters = 0xFFFF'FFFF;

// `offset` counts from 1, a negative one from the end; a negative length goes backwards.
// False when an argument is beyond 32 bits.
bool substring(std::string_view text, int64_t offset, int64_t length, std::string_view& part);
// The first (last) characters; of a negative number all but as many of the others.
bool first_characters(std::string_view text, int64_t count, std::string_view& part);
bool last_characters(std::string_view text, int64_t count, std::string_view& part);

}  // namespace gristmill::expr_internal
