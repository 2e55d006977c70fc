#include "pipeline/spot.h"

#include <algorithm>
#include <cstdlib>

namespace gristmill {
namespace {

// ${NAME} from the environment.
std::string expand_environment(const std::string& text, const Where& where) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find("${", at);
    const size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      throw Error(Code::invalid, fmt::format("the environment variable {} is not set", name),
                  where);
    }
    out += text.substr(at, open - at) + value;
    at = close + 1;
  }
  return out;
}

}  // namespace

void check_keys(const Spot& spot, const std::vector<ParamDoc>& known, std::string_view owner) {
  std::vector<std::string> names;
  for (const ParamDoc& doc : known) names.push_back(doc.name);
  for (const auto& [key, unused] : spot.value.items()) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw Error(Code::invalid, fmt::format("unknown key `{}` in {}", key, owner),
                  spot.document.where(pointer_to(spot.pointer, key)), did_you_mean(key, names));
    }
  }
}

nlohmann::json expanded(const Spot& spot) {
  if (spot.value.is_string())
    return expand_environment(spot.value.get<std::string>(), spot.where());
  nlohmann::json given = spot.value;
  if (given.is_array()) {
    for (size_t i = 0; i < given.size(); ++i) given[i] = expanded(spot[i]);
  } else if (given.is_object()) {
    for (auto& [key, value] : given.items()) value = expanded(spot[key]);
  }
  return given;
}

}  // namespace gristmill
