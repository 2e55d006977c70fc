#include "model/model.h"

#include "base/error.h"

namespace gristmill {

int saved_model_version(const State& state, int known) {
  const int version = state.json.contains("version") ? state.at<int>("version") : 1;
  if (version < 1) throw Error(Code::corrupt, "a saved model has no such version");
  if (version > known)
    throw Error(Code::invalid, "the model was saved by a later version of Gristmill", {},
                "open it with that version or a newer one");
  return version;
}

}  // namespace gristmill
