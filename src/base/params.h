// Parameters as the user wrote them, read once with their types, ranges and defaults; what nobody
// reads is an error that names the nearest known key. The same descriptions make the JSON Schema
// and the reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

struct ParamDoc {
  std::string name;
  std::string
      type;  // JSON Schema type: "number", "integer", "boolean", "string", "array", "object", "any"
  std::string text;      // one sentence
  nlohmann::json value;  // default; null: required or absent
  std::optional<double> minimum, maximum;
  std::vector<std::string> choices;
};

class Params {
 public:
  // Checks `given` (an object, or null for none) against `docs`: unknown keys, types, ranges and
  // choices are Code::invalid, naming `owner` (e.g. "rule impute").
  Params(nlohmann::json given, const std::vector<ParamDoc>& docs, std::string owner);

  bool has(const std::string& name) const;  // given, or has a default
  // null when absent and without a default.
  const nlohmann::json& operator[](const std::string& name) const;
  // Code::invalid when absent and without a default.
  double number(const std::string& name) const { return needed(name).get<double>(); }
  int64_t integer(const std::string& name) const { return needed(name).get<int64_t>(); }
  bool boolean(const std::string& name) const { return needed(name).get<bool>(); }
  std::string text(const std::string& name) const { return needed(name).get<std::string>(); }
  // All of them with defaults filled in: what a task key digests.
  const nlohmann::json& json() const { return values_; }

 private:
  const nlohmann::json& needed(const std::string& name) const;

  nlohmann::json values_;
  std::string owner_;
};

}  // namespace gristmill
