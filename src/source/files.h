// Which files a source names: paths, globs, URLs with a scheme.
#pragma once

#include <string>
#include <vector>

#include "source/quote.h"
#include "source/source.h"

namespace gristmill {

// Code::not_found when nothing matches, naming the nearest file; Code::invalid for a folder
// and all else that is no regular file. Files of URLs are fetched: errors as fetch_remote()'s.
SourceFiles find_files(const SourceSpec& spec);

bool has_wildcard(std::string_view text);
// Of a pattern of *, ? and […].
bool is_like(const std::string& name, const std::string& pattern);
// Files matching a pattern of *, ?, […] and ** (any folders below), sorted. Links to folders are
// not followed by **.
std::vector<fs::path> glob_files(const fs::path& base, const std::string& pattern);

// "flights" for data/flights.csv.gz. The suffix is the longest of `suffixes` that fits.
std::string stem_of(const fs::path& file, const std::vector<std::string>& suffixes);

// A name for each file; Code::conflict when two have the same one, case ignored as SQL does.
std::vector<std::string> table_names(const SourceFiles& files,
                                     const std::vector<std::string>& suffixes);

// The first `size` bytes.
std::string head_of(const fs::path& file, size_t size);

// The last `size` bytes, or all when there are fewer.
std::string tail_of(const fs::path& file, size_t size);

// The name under which a database file is attached: one a file, whatever sources name it.
std::string attached_name(const fs::path& file);
// The file, and the log of unmerged changes beside it when there is one: both are its content.
std::vector<fs::path> with_log(const fs::path& file, const std::string& suffix);
// Code::invalid when a source that is one file, as a database is, names several or `as`.
void refuse_many(const SourceSpec& spec, const SourceFiles& files);

// A table that cannot be read, and why: it spoils none of the others.
SourceTable broken_table(const SourceSpec& spec, const std::string& name, const Error& error);

// Adds the file to an error that has none.
Error in_file(const Error& error, const fs::path& file);

// A subquery of `relation` whose column `filename` is relative to `base`, where it lies below it: a
// table must not change when its project moves.
std::string with_short_names(const std::string& relation, const fs::path& base);

}  // namespace gristmill
