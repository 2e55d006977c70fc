// Rows of a query for people and for programs, printed as they come.
#pragma once

#include <string>

#include "cli/verb.h"
#include "frame/batch.h"

namespace gristmill {

// The first `limit` rows on standard output: lined up, nulls as blanks, long cells cut, with how
// many there are in all when `total` ≥ 0; with --json as {"columns": [{name, type, nullable}],
// "rows": [[…], …]}.
void print_rows(const Invocation& call, BatchReader& rows, int64_t limit, int64_t total);

// A cell on one line, cut when it is long.
std::string shown_text(std::string text);

}  // namespace gristmill
