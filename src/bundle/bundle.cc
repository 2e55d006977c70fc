#include "bundle/bundle.h"

#include <fmt/format.h>

#include "base/error.h"
#include "bundle/state_file.h"

namespace gristmill {
namespace {

State to_state(const Bundle& bundle) {
  State state;
  state.json = {{"name", bundle.name},
                {"signature", bundle.signature.json()},
                {"threshold", bundle.threshold},
                {"card", bundle.card},
                {"model_kind", bundle.model->kind()},
                {"layout", bundle.featurizer.layout().json()}};
  if (bundle.interval) state.json["interval"] = bundle.interval->json();
  state.put_state("rules", bundle.rules.save());
  state.put_state("features", bundle.featurizer.save());
  state.put_state("model", bundle.model->save());
  return state;
}

PredictionInterval read_interval(const State& state, const Bundle& bundle) {
  const nlohmann::json& json = state.json.at("interval");
  const PredictionInterval interval{json.at("level").get<double>(),
                                    json.at("margin").get<double>()};
  if (bundle.signature.problem != Problem::regression || !(interval.margin >= 0) ||
      !(interval.level > 0 && interval.level < 1))
    throw Error(Code::corrupt, "the interval of the answers is damaged");
  return interval;
}

std::shared_ptr<const Bundle> from_state(StateFile file) {
  auto bundle = std::make_shared<Bundle>();
  const State& state = file.state;
  bundle->name = state.at<std::string>("name");
  bundle->version = file.version;
  bundle->signature = Signature::from_json(state.json.at("signature"));
  bundle->threshold = state.at<double>("threshold");
  if (state.json.contains("interval")) bundle->interval = read_interval(state, *bundle);
  bundle->card = state.json.at("card");
  bundle->rules = RuleChain::load(state.get_state("rules"));
  if (!(bundle->rules.input() == bundle->signature.expected().schema)) {
    throw Error(Code::corrupt, "the rules read other columns than the signature names");
  }
  bundle->featurizer = Featurizer::load(state.get_state("features"), bundle->rules.output());
  const auto& kind =
      Models::instance().get(state.at<std::string>("model_kind"), "model", Code::corrupt);
  bundle->model = kind.load(state.get_state("model"), bundle->featurizer.layout());
  const int64_t outputs = bundle->signature.problem == Problem::multiclass
                              ? int64_t(bundle->signature.classes.size())
                              : 1;
  if (bundle->model->outputs() != outputs) {
    throw Error(Code::corrupt, "the model has another number of outputs than the signature names");
  }
  bundle->section_bytes = std::move(file.section_bytes);
  return bundle;
}

}  // namespace

nlohmann::json importance_by_column(const Model& model, const FeatureLayout& layout) {
  const std::vector<double> shares = model.importance();
  std::map<std::string, double> by_column;
  for (size_t i = 0; i < shares.size() && i < layout.specs.size(); ++i)
    by_column[layout.specs[i].source] += shares[i];
  return by_column;
}

std::string Bundle::serialize() const { return write_state_file(to_state(*this)); }

std::shared_ptr<const Bundle> Bundle::parse(std::shared_ptr<const void> owner,
                                            std::string_view bytes,
                                            const std::string& name_for_errors) {
  StateFile file = read_state_file(std::move(owner), bytes, name_for_errors);
  try {
    return from_state(std::move(file));
  } catch (const nlohmann::json::exception& error) {
    throw Error(Code::corrupt,
                fmt::format("`{}` is not a whole bundle: {}", name_for_errors, error.what()));
  } catch (const Error& error) {
    // Whatever the parts call it, here it is the file that is wrong; but a limit is not its fault.
    throw Error(error.code() == Code::exhausted ? Code::exhausted : Code::corrupt,
                fmt::format("`{}` is not a usable bundle: {}", name_for_errors, error.message()),
                error.where(), error.hint());
  }
}

std::shared_ptr<const Bundle> Bundle::open(const fs::path& path) {
  auto file = std::make_shared<FileCopy>(path);
  const std::string_view bytes = file->bytes();
  return parse(std::move(file), bytes, path.string());
}

}  // namespace gristmill
