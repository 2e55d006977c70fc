// What stands for a missing value where a table comes from.
#include <algorithm>
#include <set>

#include "pipeline/tables.h"
#include "source/files.h"

namespace gristmill {
namespace {

// False of kinds whose missing values are no texts, as far as the source's own words tell its kind.
bool may_have_null_texts(const SourceSpec& source) {
  const nlohmann::json& given = source.given;
  const SourceKind* kind = nullptr;
  if (given.is_object() && given.contains("kind") && given.at("kind").is_string()) {
    kind = &Sources::instance().get(given.at("kind").get<std::string>(), "kind of source");
  } else {
    std::string place;
    for (const char* key : {"files", "url"}) {
      if (given.is_object() && given.contains(key) && given.at(key).is_string())
        place = given.at(key);
    }
    if (given.is_string()) place = given;
    kind = kind_by_scheme(place.substr(0, place.find(':') + 1));
    if (kind == nullptr) kind = kind_by_suffix(place);
  }
  return kind == nullptr || std::any_of(kind->params.begin(), kind->params.end(),
                                        [](const ParamDoc& doc) { return doc.name == "nulls"; });
}

}  // namespace

// Without a look into sources: of a union, patterns of their tables.
std::vector<std::string> Tables::tables_read(const TableSpec& spec) {
  if (spec.unite.empty())
    return executor_.workspace().engine().tables_read(
        Engine::with_params(spec.sql, project_.params));
  std::vector<std::string> read;
  for (const NamedTable& table : spec.unite) {
    if (split_name(table.name).first.empty() && has_wildcard(table.name)) {
      for (std::string& name : names_like(table.name)) read.push_back(std::move(name));
    } else {
      read.push_back(table.name);
    }
  }
  std::erase(read, spec.name);
  return read;
}

std::vector<std::string> Tables::null_texts(const std::string& name) {
  std::set<std::string> below = {name}, sources, texts;
  for (std::vector<std::string> open = {name}; !open.empty();) {
    const std::string at = open.back();
    open.pop_back();
    sources.insert(split_name(at).first);
    const auto table = project_.tables.find(at);
    if (table == project_.tables.end()) continue;
    for (std::string& read : tables_read(table->second)) {
      if (below.insert(read).second) open.push_back(std::move(read));
    }
  }
  for (const SourceSpec& source : project_.sources) {
    if (std::none_of(sources.begin(), sources.end(),
                     [&](const std::string& read) { return is_like(source.name, read); }))
      continue;
    if (!may_have_null_texts(source)) {
      texts.insert("");  // as a CSV file of its rows writes what is missing
      continue;
    }
    const bool said = source.given.is_object() && source.given.contains("nulls") &&
                      source.given.at("nulls").is_array();
    const auto nulls =
        said ? source.given.at("nulls").get<std::vector<std::string>>() : default_nulls;
    texts.insert(nulls.begin(), nulls.end());
  }
  return {texts.begin(), texts.end()};
}

}  // namespace gristmill
