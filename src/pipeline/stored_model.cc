#include "pipeline/stored_model.h"

#include "bundle/state_file.h"
#include "model/calibrated.h"

namespace gristmill {
namespace {

State read_blob(const Store& store, const Digest& digest) {
  auto file = std::make_shared<MappedFile>(store.path_of(digest));
  const std::string_view bytes = file->bytes();
  return read_state_file(std::move(file), bytes, digest.brief()).state;
}

}  // namespace

std::shared_ptr<Dataset> stored_dataset(const Store& store, const Digest& manifest) {
  return Dataset::open(store.path_of(store.manifest(manifest).layers.at(0).digest));
}

State stored_fit(const Store& store, const Digest& manifest) {
  return read_blob(store, store.manifest(manifest).layers.at(1).digest);
}

std::unique_ptr<Model> stored_model(const Store& store, const Digest& blob,
                                    const FeatureLayout& layout) {
  const State state = read_blob(store, blob);
  return Models::instance()
      .get(state.at<std::string>("kind"), "model", Code::corrupt)
      .load(state.get_state("model"), layout);
}

Digest lineage_of(const nlohmann::json& card, const char* what) {
  return Digest::parse(card.at("lineage").at(what).get<std::string>());
}

std::unique_ptr<Model> scored_model(const Store& store, const nlohmann::json& card,
                                    const Dataset& data) {
  auto model = stored_model(store, lineage_of(card, "model"), data.info().layout);
  if (!card.contains("calibration")) return model;
  const nlohmann::json& found = card.at("calibration");
  return make_calibrated(std::move(model), {.slope = found.at("slope").get<double>(),
                                            .offset = found.at("offset").get<double>()});
}

nlohmann::json stored_card(const Store& store, const Digest& bundle) {
  return read_blob(store, bundle).json.at("card");
}

}  // namespace gristmill
