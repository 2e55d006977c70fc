#include "feature/encoder.h"

namespace gristmill {

nlohmann::json Wants::json() const {
  return {{"scaled", scaled}, {"missing", missing}, {"cyclic", cyclic}};
}

}  // namespace gristmill
