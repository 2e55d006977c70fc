#include "source/source.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "source/files.h"

namespace gristmill {
namespace {

bool has_suffix(const fs::path& file, const SourceKind& kind) {
  std::string name = file.filename().string();
  for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(kind.suffixes.begin(), kind.suffixes.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

const SourceKind* kind_by_suffix(const fs::path& file) {
  for (const auto& [name, kind] : Sources::instance()) {
    if (has_suffix(file, kind)) return &kind;
  }
  return nullptr;
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
  for (const auto& [name, kind] : Sources::instance()) {
    for (const std::string& scheme : kind.schemes) {
      if (scheme == files.scheme) return kind;
    }
  }
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

std::unique_ptr<Source> make_source(const SourceSpec& spec) {
  const SourceKind& kind = kind_of(find_files(spec));
  source_params(spec, kind);
  return kind.make(spec);
}

}  // namespace gristmill
