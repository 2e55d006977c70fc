// What tasks keep in the store: data sets, how they were encoded, models.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/state.h"
#include "model/model.h"
#include "store/store.h"
#include "tensor/dataset.h"

namespace gristmill {

// A model that was trained for a prediction.
struct Candidate {
  std::string name;
  std::string learner = {};
  nlohmann::json params = {};     // that it was trained with
  std::optional<Digest> dataset;  // manifest
  std::optional<Digest> model;    // blob
  std::map<std::string, double> validate;
  double seconds = 0;
  nlohmann::json learned = nlohmann::json::object();  // TrainContext::learned
};

// `manifest`: of a data set.
std::shared_ptr<Dataset> stored_dataset(const Store& store, const Digest& manifest);
// FitResult::state() of it.
State stored_fit(const Store& store, const Digest& manifest);
std::unique_ptr<Model> stored_model(const Store& store, const Digest& blob,
                                    const FeatureLayout& layout);
// Of a bundle's card: what its scores are of, "table", "dataset" or "model".
Digest lineage_of(const nlohmann::json& card, const char* what);
// The model that its scores are of, answering as its bundle does: another than the bundle's where
// that one learned again on all rows. `data`: of lineage_of().
std::unique_ptr<Model> scored_model(const Store& store, const nlohmann::json& card,
                                    const Dataset& data);
// The card of a bundle, without its model.
nlohmann::json stored_card(const Store& store, const Digest& bundle);

}  // namespace gristmill
