// Text as names are compared: in Unicode's compatibility decomposition (NFKD) without accents, with
// case folded; what is no letter, digit or mark is a space, and one space stands between words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gristmill {

// Writes the folded text to `out` and returns its bytes; nothing where they are more than `room`.
// What is not UTF-8 counts as spaces.
std::optional<size_t> fold_text(std::string_view text, char* out, size_t room);

// Writes the characters of a text to `out`, which has room for one a byte, and returns how many
// they are. What is not UTF-8 is passed over.
size_t decode_characters(std::string_view text, int32_t* out);

}  // namespace gristmill
