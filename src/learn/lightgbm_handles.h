// LightGBM's C handles, owned; its errors as ours.
#pragma once

#include <memory>
#include <string>

#include <LightGBM/c_api.h>

#include "base/error.h"

namespace gristmill {

inline void lightgbm_check(int code) {
  if (code != 0) throw Error(Code::internal, std::string("LightGBM: ") + LGBM_GetLastError());
}

struct LightgbmFree {
  struct Dataset {
    void operator()(void* handle) const { LGBM_DatasetFree(handle); }
  };
  struct Booster {
    void operator()(void* handle) const { LGBM_BoosterFree(handle); }
  };
};
using LightgbmDataset = std::unique_ptr<void, LightgbmFree::Dataset>;
using LightgbmBooster = std::unique_ptr<void, LightgbmFree::Booster>;

}  // namespace gristmill
