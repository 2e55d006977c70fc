#include "feature/encoder.h"

#include "base/error.h"

namespace gristmill {

nlohmann::json Wants::json() const {
  return {{"scaled", scaled}, {"missing", missing}, {"cyclic", cyclic}};
}

Wants Wants::from_json(const nlohmann::json& json) {
  try {
    return {json.at("scaled").get<bool>(), json.at("missing").get<bool>(),
            json.at("cyclic").get<bool>()};
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "what a learner wants of its features is not readable");
  }
}

}  // namespace gristmill
