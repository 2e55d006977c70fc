// Characters beyond ASCII: what they are, and their lower case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gristmill {

// The character at byte `at`, which moves behind it; -1 where the bytes are none.
int32_t next_character(std::string_view text, size_t& at);

// As Python's str.isspace() and isalnum() have it.
bool is_space_character(int32_t character);
bool is_letter_or_number(int32_t character);

// Writes the character in lower case; at most 4 bytes, how many is returned.
size_t put_lower(int32_t character, char* out);

}  // namespace gristmill
