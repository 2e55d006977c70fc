#include "source/files.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "source/remote.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::string text_of(const json& given, const char* key, const std::string& owner) {
  auto it = given.find(key);
  if (it == given.end() || it->is_null()) return {};
  if (!it->is_string()) {
    throw Error(Code::invalid, fmt::format("`{}` of {} must be text", key, owner));
  }
  return it->get<std::string>();
}

Error no_such_file(const fs::path& path, const std::string& pattern) {
  std::vector<std::string> beside;
  std::error_code failed;
  fs::directory_iterator entry(path.parent_path(), failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed))
    beside.push_back(entry->path().filename().string());
  std::string near = nearest(path.filename().string(), beside);
  std::string hint = near.empty() ? std::string() : fmt::format("did you mean \"{}\"?", near);
  if (failed) hint = fmt::format("the folder {} is not there", path.parent_path().string());
  return {Code::not_found, fmt::format("there is no file `{}`", pattern), {}, hint};
}

// A list of patterns, or one.
std::vector<std::string> patterns_of(const SourceSpec& spec, SourceFiles& out) {
  const json& given = spec.given;
  std::string owner = "source " + spec.name;
  if (given.is_string()) return {given.get<std::string>()};
  if (!given.is_object()) {
    throw Error(Code::invalid, fmt::format("{} must be a path or have `files` or `url`", owner));
  }
  out.as = text_of(given, "as", owner);
  out.kind = text_of(given, "kind", owner);
  std::string url = text_of(given, "url", owner);
  auto files = given.find("files");
  bool has_files = files != given.end() && !files->is_null();
  if (has_files == !url.empty()) {
    throw Error(Code::invalid, fmt::format("{} needs either `files` or `url`", owner));
  }
  if (!url.empty()) return {url};
  if (!files->is_array()) return {text_of(given, "files", owner)};
  std::vector<std::string> patterns;
  for (const json& pattern : *files) {
    if (!pattern.is_string()) {
      throw Error(Code::invalid, fmt::format("`files` of {} must be paths", owner));
    }
    patterns.push_back(pattern.get<std::string>());
  }
  return patterns;
}

// `sqlite:` of "sqlite:data/x.db"; one letter is no scheme.
std::string scheme_of(const std::string& url) {
  size_t colon = url.find(':');
  if (colon == std::string::npos || colon < 2 || is_remote(url)) return {};
  std::string scheme = url.substr(0, colon + 1);
  if (kind_by_scheme(scheme) != nullptr) return scheme;
  bool word = std::all_of(url.begin(), url.begin() + long(colon), [](unsigned char c) {
    return std::isalnum(c) || c == '+' || c == '-' || c == '.';
  });
  if (word && url.substr(colon, 3) == "://") {
    std::vector<std::string> known = {"https:", "http:", "s3:"};
    for (const auto& [name, kind] : Sources::instance()) {
      known.insert(known.end(), kind.schemes.begin(), kind.schemes.end());
    }
    throw Error(Code::invalid, fmt::format("`{}//` is not a kind of source known here", scheme), {},
                did_you_mean(scheme, known));
  }
  return {};
}

void add_matches(const fs::path& base, const std::string& pattern, SourceFiles& out) {
  if (pattern.empty()) throw Error(Code::invalid, "the path of a source is empty");
  fs::path literal = base / pattern;
  std::error_code failed;
  if (fs::is_directory(literal, failed)) {
    throw Error(Code::invalid, fmt::format("`{}` is a folder, not a file", pattern), {},
                fmt::format("name the files in it: `{}`", (fs::path(pattern) / "*.csv").string()));
  }
  if (fs::exists(literal, failed)) {
    out.files.push_back(literal);
  } else if (!has_wildcard(pattern)) {
    throw no_such_file(literal, pattern);
  } else {
    std::vector<fs::path> found = glob_files(base, pattern);
    if (found.empty()) {
      throw Error(Code::not_found, fmt::format("no file matches `{}`", pattern), {},
                  fmt::format("it is looked for in {}", fs::absolute(base).string()));
    }
    out.files.insert(out.files.end(), found.begin(), found.end());
  }
}

// What is read twice, and by position, must be a file: a pipe waits for ever.
void refuse_others(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    std::error_code failed;
    if (fs::is_regular_file(file, failed) || failed) continue;
    throw Error(
        Code::invalid,
        fmt::format("`{}` is no regular file, but a pipe, a device or a socket", file.string()), {},
        "write what it gives into a file, and name that");
  }
}

}  // namespace

SourceFiles find_files(const SourceSpec& spec) {
  SourceFiles out;
  fs::path base = fs::absolute(spec.base.empty() ? fs::path(".") : spec.base).lexically_normal();
  const std::vector<std::string> patterns = patterns_of(spec, out);
  check_remote_params(spec, patterns);
  for (std::string pattern : patterns) {
    std::string scheme = scheme_of(pattern);
    const SourceKind* kind = kind_by_scheme(scheme);
    if (kind != nullptr && kind->server) {
      out.scheme = scheme;
      out.pattern = pattern;
      return out;
    }
    if (!scheme.empty()) {
      out.scheme = scheme;
      pattern.erase(0, scheme.size());
      if (pattern.starts_with("//")) pattern.erase(0, 2);
    }
    if (out.pattern.empty()) out.pattern = shown_remote(pattern);
    if (is_remote(pattern)) {
      out.files.push_back(fetch_remote(spec, pattern));
    } else {
      add_matches(base, pattern, out);
    }
  }
  if (out.files.empty()) {
    throw Error(Code::invalid, fmt::format("`files` of source {} is empty", spec.name));
  }
  refuse_others(out.files);
  for (fs::path& file : out.files) file = file.lexically_normal();
  std::sort(out.files.begin(), out.files.end());
  out.files.erase(std::unique(out.files.begin(), out.files.end()), out.files.end());
  return out;
}

std::string stem_of(const fs::path& file, const std::vector<std::string>& suffixes) {
  std::string name = file.filename().string();
  size_t longest = 0;
  for (const std::string& suffix : suffixes) {
    bool fits = name.size() > suffix.size() && lower(name).ends_with(suffix);
    if (fits) longest = std::max(longest, suffix.size());
  }
  return longest > 0 ? name.substr(0, name.size() - longest) : file.stem().string();
}

std::vector<std::string> table_names(const SourceFiles& files,
                                     const std::vector<std::string>& suffixes) {
  std::vector<std::string> names;
  std::map<std::string, fs::path> seen;
  for (const fs::path& file : files.files) {
    names.push_back(stem_of(file, suffixes));
    auto [first, fresh] = seen.emplace(lower(names.back()), file);
    if (!fresh) {
      throw Error(Code::conflict,
                  fmt::format("{} and {} would both be the table \"{}\"", first->second.string(),
                              file.string(), names.back()),
                  {}, "read them as one table with `as: NAME`, or name them in two sources");
    }
  }
  return names;
}

std::string head_of(const fs::path& file, size_t size) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw file_error(errno, "read", file);
  std::string bytes(size, '\0');
  in.read(bytes.data(), std::streamsize(size));
  if (in.bad()) throw file_error(errno, "read", file);
  bytes.resize(size_t(in.gcount()));
  return bytes;
}

std::string tail_of(const fs::path& file, size_t size) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) throw file_error(errno, "read", file);
  auto length = size_t(in.tellg());
  std::string bytes(std::min(size, length), '\0');
  in.seekg(std::streamoff(length - bytes.size()));
  in.read(bytes.data(), std::streamsize(bytes.size()));
  if (!in) throw file_error(errno, "read", file);
  return bytes;
}

std::string attached_name(const fs::path& file) { return "file " + file.string(); }

std::vector<fs::path> with_log(const fs::path& file, const std::string& suffix) {
  std::vector<fs::path> files = {file};
  std::error_code failed;
  fs::path log = file;
  log += suffix;
  if (fs::exists(log, failed) && fs::file_size(log, failed) > 0) files.push_back(log);
  return files;
}

void refuse_many(const SourceSpec& spec, const SourceFiles& files) {
  if (files.files.size() > 1) {
    throw Error(
        Code::invalid,
        fmt::format("source {} names {} files: `{}`", spec.name, files.files.size(), files.pattern),
        {}, "a source of this kind is one file; name each in a source of its own");
  }
  if (!files.as.empty()) {
    throw Error(Code::invalid,
                fmt::format("`as` of source {} is not for this kind of file", spec.name));
  }
}

SourceTable broken_table(const SourceSpec& spec, const std::string& name, const Error& error) {
  SourceTable table;
  table.schema = spec.name;
  table.name = name;
  table.problem = error.at({.table = spec.name + "." + name});
  return table;
}

Error in_file(const Error& error, const fs::path& file) {
  return error.at({.file = file.string()});
}

std::string with_short_names(const std::string& relation, const fs::path& base) {
  std::string prefix =
      fs::absolute(base.empty() ? fs::path(".") : base).lexically_normal().string();
  if (!prefix.ends_with('/')) prefix += '/';
  return fmt::format(
      "(SELECT * REPLACE (CASE WHEN starts_with(filename, {0}) THEN substr(filename, length({0}) + "
      "1) "
      "ELSE filename END AS filename) FROM {1})",
      quote_text(prefix), relation);
}

}  // namespace gristmill
