// Names, texts and files as SQL writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace gristmill {

std::string quote_name(std::string_view name);  // "…", quotes doubled
std::string quote_text(std::string_view text);  // '…', likewise
std::string quote_path(const fs::path& file);   // '…', with what a glob would expand escaped
std::string quote_paths(const std::vector<fs::path>& files);  // […]

// Adds `expression AS "column"` to the list of a SELECT, or the column alone where it is that.
void add_selected(std::string& list, std::string_view column, std::string_view expression);

// The rows of these files and nothing else: no globs, no columns made of folders' names. `options`
// is appended to the arguments.
std::string parquet_relation(const std::vector<fs::path>& files, std::string_view options = "");

}  // namespace gristmill
