// Reading the project file: one place in the document, and errors that name it.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/params.h"
#include "pipeline/document.h"

namespace gristmill {

// The value, and where it stands. Its document outlives it.
struct Spot {
  const Document& document;
  const nlohmann::json& value;
  std::string pointer;

  Where where() const { return document.where(pointer); }
  bool has(const std::string& key) const { return value.contains(key) && !value.at(key).is_null(); }
  Spot operator[](const std::string& key) const {
    return {document, value.at(key), pointer_to(pointer, key)};
  }
  Spot operator[](size_t i) const {
    return {document, value.at(i), pointer + "/" + std::to_string(i)};
  }

  [[noreturn]] void fail(std::string message, std::string hint = "") const {
    throw Error(Code::invalid, std::move(message), where(), std::move(hint));
  }
  void expect_object(std::string_view what) const {
    if (!value.is_object()) fail(fmt::format("{} must be a mapping", what));
  }
  void expect_value(std::string_view what) const {
    if (value.is_null() || value == "")
      fail(fmt::format("{} is empty", what), "YAML ends a value at ` #`; put the value in quotes");
  }
  std::string text(std::string_view what) const {
    if (value.is_null()) expect_value(what);
    if (!value.is_string()) fail(fmt::format("{} must be text", what));
    return value.get<std::string>();
  }
  // One text or a list of them.
  std::vector<std::string> texts(std::string_view what) const {
    expect_value(what);
    if (value.is_string()) return {value.get<std::string>()};
    std::vector<std::string> list;
    if (!value.is_array()) fail(fmt::format("{} must be a name or a list of names", what));
    for (size_t i = 0; i < value.size(); ++i) list.push_back((*this)[i].text(what));
    return list;
  }
};

// Unknown keys are errors with the nearest known key named.
void check_keys(const Spot& spot, const std::vector<ParamDoc>& known, std::string_view owner);

// The value with ${NAME} in all its texts taken from the environment.
nlohmann::json expanded(const Spot& spot);

}  // namespace gristmill
