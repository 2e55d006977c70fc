#include "source/source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "source/files.h"
#include "source/remote.h"

namespace gristmill {
namespace {

bool has_suffix(const fs::path& file, const SourceKind& kind) {
  const std::string name = lower(file.filename().string());
  return std::any_of(kind.suffixes.begin(), kind.suffixes.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

std::string known_suffixes() {
  std::string out;
  for (const auto& [name, kind] : Sources::instance()) {
    for (const std::string& suffix : kind.suffixes) out += (out.empty() ? "" : ", ") + suffix;
  }
  return out;
}

const SourceKind& kind_of(const SourceFiles& files) {
  if (!files.kind.empty()) return Sources::instance().get(files.kind, "kind of source");
  if (const SourceKind* kind = kind_by_scheme(files.scheme)) return *kind;
  const SourceKind* first = nullptr;
  for (const fs::path& file : files.files) {
    const SourceKind* kind = kind_by_suffix(file);
    if (kind == nullptr) {
      throw Error(Code::invalid,
                  fmt::format("`{}` does not say what kind of file it is", file.string()), {},
                  fmt::format("known suffixes are {}; or say `kind: csv`", known_suffixes()));
    }
    if (first != nullptr && kind != first) {
      throw Error(Code::invalid,
                  fmt::format("`{}` matches files of two kinds: {} and {}", files.pattern,
                              first->name, kind->name),
                  {}, "name each kind in a source of its own");
    }
    first = kind;
  }
  return *first;
}

}  // namespace

const SourceKind* kind_by_suffix(const fs::path& file) {
  for (const auto& [name, kind] : Sources::instance()) {
    if (has_suffix(file, kind)) return &kind;
  }
  return nullptr;
}

const SourceKind* kind_by_scheme(const std::string& scheme) {
  for (const auto& [name, kind] : Sources::instance()) {
    if (std::find(kind.schemes.begin(), kind.schemes.end(), scheme) != kind.schemes.end())
      return &kind;
  }
  return nullptr;
}

const std::vector<ParamDoc>& common_source_params() {
  static const std::vector<ParamDoc> docs = [] {
    std::vector<ParamDoc> all = {
        {"files", "any", "a path or a glob, relative to the project file", nullptr, {}, {}, {}},
        {"url", "string", "where it is, with its scheme", nullptr, {}, {}, {}},
        {"kind", "string", "the kind of file, when its suffix does not tell", nullptr, {}, {}, {}},
        {"as", "string", "one table of all files, with a column `filename`", nullptr, {}, {}, {}},
    };
    all.insert(all.end(), remote_params().begin(), remote_params().end());
    return all;
  }();
  return docs;
}

std::unique_ptr<Source> make_source(const SourceSpec& spec) {
  return make_source(spec, find_files(spec));
}

std::unique_ptr<Source> make_source(const SourceSpec& spec, SourceFiles files) {
  const SourceKind& kind = kind_of(files);
  if (files.files.empty() && !kind.server)
    throw Error(Code::invalid,
                fmt::format("source {}: `kind: {}` is for files, and its URL names a server",
                            spec.name, kind.name),
                {}, "leave `kind` out: a server's URL says what it is");
  std::vector<ParamDoc> docs = common_source_params();
  docs.insert(docs.end(), kind.params.begin(), kind.params.end());
  Params params(spec.given.is_object() ? spec.given : nlohmann::json(nullptr), docs,
                "source " + spec.name);
  return kind.make({spec, kind, std::move(files), std::move(params)});
}

}  // namespace gristmill
