// SQL as text: what is code, what is quoted, what is comment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

struct SqlPiece {
  enum Kind { code, quoted, comment } kind;
  std::string_view text;
};

// The pieces in order, together the whole text. '…' (and E'…'), "…", $tag$…$tag$, --…, /*…*/; an
// open quote or comment runs to the end. O(length).
std::vector<SqlPiece> sql_pieces(std::string_view sql);

// Without semicolons, blanks and comments at the end: fit to stand in parentheses.
std::string trim_sql(std::string_view sql);

}  // namespace gristmill
