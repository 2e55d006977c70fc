// LightGBM's C API, loaded when the first of its models is trained; its handles, owned; its errors
// as ours.
#pragma once

#include <memory>

#include <LightGBM/c_api.h>

#include "base/error.h"

namespace gristmill {

// Functions of the shared library, named as in c_api.h. Constructing throws Code::unavailable when
// it is not installed.
class LightgbmLibrary {
 public:
  struct Symbol {
    void* address;
    template <class Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address);
    }
  };

 private:
  static void* load();
  Symbol find(const char* name) const;
  void* library_ = load();

 public:
  decltype(LGBM_GetLastError)* GetLastError = find("LGBM_GetLastError");
  decltype(LGBM_RegisterLogCallback)* RegisterLogCallback = find("LGBM_RegisterLogCallback");
  decltype(LGBM_DatasetCreateFromSampledColumn)* DatasetCreateFromSampledColumn =
      find("LGBM_DatasetCreateFromSampledColumn");
  decltype(LGBM_DatasetCreateByReference)* DatasetCreateByReference =
      find("LGBM_DatasetCreateByReference");
  decltype(LGBM_DatasetPushRows)* DatasetPushRows = find("LGBM_DatasetPushRows");
  decltype(LGBM_DatasetSetField)* DatasetSetField = find("LGBM_DatasetSetField");
  decltype(LGBM_DatasetFree)* DatasetFree = find("LGBM_DatasetFree");
  decltype(LGBM_BoosterCreate)* BoosterCreate = find("LGBM_BoosterCreate");
  decltype(LGBM_BoosterAddValidData)* BoosterAddValidData = find("LGBM_BoosterAddValidData");
  decltype(LGBM_BoosterUpdateOneIter)* BoosterUpdateOneIter = find("LGBM_BoosterUpdateOneIter");
  decltype(LGBM_BoosterGetEval)* BoosterGetEval = find("LGBM_BoosterGetEval");
  decltype(LGBM_BoosterSaveModelToString)* BoosterSaveModelToString =
      find("LGBM_BoosterSaveModelToString");
  decltype(LGBM_BoosterPredictForMat)* BoosterPredictForMat = find("LGBM_BoosterPredictForMat");
  decltype(LGBM_BoosterFeatureImportance)* BoosterFeatureImportance =
      find("LGBM_BoosterFeatureImportance");
  decltype(LGBM_BoosterFree)* BoosterFree = find("LGBM_BoosterFree");
};

const LightgbmLibrary& lightgbm();
void lightgbm_check(int code);  // Code::internal with LightGBM's own words

struct LightgbmFree {
  struct Dataset {
    void operator()(void* handle) const { lightgbm().DatasetFree(handle); }
  };
  struct Booster {
    void operator()(void* handle) const { lightgbm().BoosterFree(handle); }
  };
};
using LightgbmDataset = std::unique_ptr<void, LightgbmFree::Dataset>;
using LightgbmBooster = std::unique_ptr<void, LightgbmFree::Booster>;

}  // namespace gristmill
