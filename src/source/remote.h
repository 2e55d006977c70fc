// Files that lie behind a URL: fetched once, kept in a folder of the project, and asked after each
// time by what the server said of them (RFC 9110, "Conditional Requests").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/source.h"

namespace gristmill {

bool is_remote(std::string_view pattern);  // http://, https://, s3://
// A URL without what may be secret in it: user, password, query. Other texts as they are.
std::string shown_remote(const std::string& pattern);

// What may be said of them: sha256, max_bytes, and who asks of S3.
const std::vector<ParamDoc>& remote_params();
// Code::invalid for one of these of a source whose files have no URL, and for `sha256` of several.
void check_remote_params(const SourceSpec& spec, const std::vector<std::string>& patterns);

// The file as it is now, on disk under its own name. With a `sha256` that the kept one has, nobody
// is asked. Code::not_found when the server has none, Code::unavailable when it cannot be reached,
// refuses or breaks off, Code::exhausted beyond `max_bytes`, Code::invalid for another `sha256`.
// What was kept before stays as it is when that fails.
fs::path fetch_remote(const SourceSpec& spec, const std::string& url);

}  // namespace gristmill
