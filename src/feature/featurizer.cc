#include "feature/featurizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "feature/source_column.h"

namespace gristmill {
namespace {

// Rows encoded column by column before the next rows: their features stay in cache.
constexpr int64_t block_rows = 1024;

}  // namespace

Featurizer::Featurizer(const Schema& in, std::vector<Step> steps) : steps_(std::move(steps)) {
  std::vector<TensorSpec> specs;
  for (Step& step : steps_) {
    step.encoder->bind(in);
    for (TensorSpec& spec : step.encoder->outputs()) specs.push_back(std::move(spec));
  }
  layout_ = FeatureLayout(std::move(specs));
  auto next = layout_.at.begin();
  for (const Step& step : steps_) {
    auto end = next + std::ptrdiff_t(step.encoder->outputs().size());
    at_.emplace_back(next, end);
    next = end;
  }
}

std::vector<std::string> Featurizer::reads() const {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Step& step : steps_)
    for (std::string& name : step.encoder->reads())
      if (seen.insert(name).second) names.push_back(std::move(name));
  return names;
}

template <class EncodeBlock>
void Featurizer::by_blocks(const Batch& rows, const FeatureRows& out,
                           EncodeBlock encode_block) const {
  if (rows.rows <= block_rows) return encode_block(rows, out, 0);
  for (int64_t begin = 0; begin < rows.rows; begin += block_rows) {
    const Batch part = slice(rows, begin, std::min(block_rows, rows.rows - begin));
    FeatureRows to = out;
    to.rows = part.rows;
    if (to.floats != nullptr) to.floats += begin * out.float_stride;
    if (to.codes != nullptr) to.codes += begin * out.code_stride;
    encode_block(part, to, begin);
  }
}

void Featurizer::encode(const Batch& rows, const FeatureRows& out, Scratch& scratch) const {
  by_blocks(rows, out, [&](const Batch& part, const FeatureRows& to, int64_t) {
    for (size_t i = 0; i < steps_.size(); ++i)
      steps_[i].encoder->encode(part, to, at_[i].data(), scratch);
  });
}

void Featurizer::encode_training(const Batch& rows, const uint8_t* fold, const FeatureRows& out,
                                 Scratch& scratch) const {
  by_blocks(rows, out, [&](const Batch& part, const FeatureRows& to, int64_t begin) {
    const uint8_t* part_fold = fold == nullptr ? nullptr : fold + begin;
    for (size_t i = 0; i < steps_.size(); ++i)
      steps_[i].encoder->encode_training(part, part_fold, to, at_[i].data(), scratch);
  });
}

State Featurizer::save() const {
  State state;
  nlohmann::json kinds = nlohmann::json::array();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const EncoderKind& kind = Encoders::instance().get(steps_[i].kind, "encoder", Code::internal);
    kinds.push_back({{"kind", kind.name}, {"version", kind.version}});
    state.put_state(fmt::format("encoder{}", i), steps_[i].encoder->save());
  }
  state.json["kinds"] = std::move(kinds);
  return state;
}

namespace {

struct SavedStep {
  std::string kind;
  int version = 1;
};

// {kind, version}, or from before there were versions the kind alone.
SavedStep saved_step(const nlohmann::json& saved) {
  try {
    if (saved.is_string()) return {saved.get<std::string>()};
    return {saved.at("kind").get<std::string>(), saved.at("version").get<int>()};
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "a saved encoder has no kind or no version");
  }
}

}  // namespace

Featurizer Featurizer::load(const State& state, const Schema& in) {
  const auto kinds = state.at<std::vector<nlohmann::json>>("kinds");
  std::vector<Step> steps;
  for (size_t i = 0; i < kinds.size(); ++i) {
    const SavedStep saved = saved_step(kinds[i]);
    const EncoderKind& kind = Encoders::instance().get(saved.kind, "encoder", Code::corrupt);
    if (saved.version > kind.version)
      throw Error(Code::invalid,
                  fmt::format("encoder {} was saved by a later version of Gristmill", kind.name),
                  {}, "open it with that version or a newer one");
    steps.push_back({kind.name, kind.load(state.get_state(fmt::format("encoder{}", i)))});
  }
  return Featurizer(in, std::move(steps));
}

}  // namespace gristmill
