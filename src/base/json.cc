#include "base/json.h"

#include <string>

namespace gristmill {
namespace {

// Counts brackets outside of texts: right for all that is JSON.
bool nests_too_deep(std::string_view text) {
  int level = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++level > json_levels_max) return true;
    } else if (c == ']' || c == '}') {
      --level;
    }
  }
  return false;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  if (nests_too_deep(text)) {
    throw nlohmann::json::other_error::create(
        501, "it nests deeper than " + std::to_string(json_levels_max) + " levels", nullptr);
  }
  return nlohmann::json::parse(text);
}

nlohmann::json try_parse_json(std::string_view text) {
  if (nests_too_deep(text)) return nlohmann::json::value_t::discarded;
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace gristmill
