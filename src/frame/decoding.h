// What the decoders share: matching a file's columns with the expected ones, and words for errors.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "frame/readers.h"

namespace gristmill {

// Rows and bytes of input after which a reader hands out a batch.
inline constexpr int64_t batch_rows = 16384;
inline constexpr size_t batch_bytes = size_t(64) << 20;

// The longest cell or line of text that a reader takes.
inline constexpr size_t cell_bytes_max = size_t(64) << 20;

// "an integer", "a number", "text", …: what a column of this type takes.
std::string_view kind_of(Type type);

// Which column of the input feeds which field, and the other way round; -1: none.
struct ColumnMatch {
  std::vector<int> source;           // by field of Expected::schema
  std::vector<int> field;            // by column of the input
  std::vector<std::string> unknown;  // names that nobody expects, in the order of the input
};

// Code::invalid on a name that occurs twice, an absent column that is not nullable (hint: the
// nearest unknown name), or when none of the expected columns is there.
ColumnMatch match_columns(const Expected& expected, std::span<const std::string> names);

// `"depdelay" is not known; did you mean "dep_delay"?`, or "" when no unknown name is near.
std::string unknown_hint(std::string_view missing, std::span<const std::string> unknown);

// The column may hold no nulls, but this row does.
Error missing_value(const Field& field, int64_t row);

}  // namespace gristmill
