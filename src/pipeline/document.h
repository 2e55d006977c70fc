// A YAML file as JSON that remembers its lines.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file_system.h"

namespace gristmill {

class Document {
 public:
  // Only `true` and `false` are booleans; duplicate keys, tabs, anchors to nowhere and several
  // documents are Code::invalid with line and column. A plain value that ends in an open bracket or
  // quote was cut by YAML at a comma or ` #`: an error that says so.
  static Document parse(const std::string& text, const std::string& file);
  static Document read(const fs::path& path);

  // Lays `over` over it: mappings are merged, key by key, all else is replaced; null removes.
  // Places are then where a value stands in its own file. Code::invalid for a null that removes
  // nothing.
  void lay_over(const Document& over);

  const nlohmann::json& json() const { return json_; }
  // Place of a value by its JSON pointer ("/tables/flights"), or of the nearest one around it.
  Where where(std::string pointer) const;

 private:
  friend struct Converter;
  struct Mark {
    std::string file;
    int line, column;
  };
  void merge(nlohmann::json& into, const Document& over, const nlohmann::json& from,
             const std::string& pointer);
  // The places of a value and of all in it: forgotten, or those of another document.
  void forget_marks(const std::string& pointer);
  void take_marks(const Document& other, const std::string& pointer);

  nlohmann::json json_;
  std::string file_;
  std::map<std::string, Mark> marks_;
};

// Code::invalid with line and column (in bytes) of what is not UTF-8.
void require_utf8(std::string_view text, const std::string& file);

// "/a/b" + "c/d" → "/a/b/c~1d".
std::string pointer_to(const std::string& parent, const std::string& key);

}  // namespace gristmill
