// All encoders of a model, in order, writing one layout; and `auto`, which chooses them.
#pragma once

#include <optional>

#include "feature/encoder.h"

namespace gristmill {

class Featurizer {
 public:
  struct Step {
    std::string kind;
    std::unique_ptr<Encoder> encoder;
  };
  Featurizer() = default;
  Featurizer(const Schema& in, std::vector<Step> steps);  // binds
  const FeatureLayout& layout() const { return layout_; }
  std::vector<std::string> reads() const;
  const std::vector<Step>& steps() const { return steps_; }
  void encode(const Batch& rows, const FeatureRows& out, Scratch& scratch) const;
  // Of rows that it was fitted on, whose folds as in FitBatch `fold` tells: null where no encoder
  // learned from the target.
  void encode_training(const Batch& rows, const uint8_t* fold, const FeatureRows& out,
                       Scratch& scratch) const;
  State save() const;
  static Featurizer load(const State& state, const Schema& in);

 private:
  // Calls encode_block(rows, out, first row) for few rows at a time.
  template <class EncodeBlock>
  void by_blocks(const Batch& rows, const FeatureRows& out, EncodeBlock encode_block) const;

  std::vector<Step> steps_;
  std::vector<std::vector<int64_t>> at_;  // of each step's specs
  FeatureLayout layout_;
};

// What `features:` says of one column: {kind, params}; "auto" leaves the kind open.
struct FeatureChoice {
  std::string column;
  std::string kind = "auto";
  nlohmann::json params = nlohmann::json::object();
};

// Fits encoders for all `choices` in one pass or more. `auto` columns are decided after the first
// pass: numbers, booleans and times by type; text as category. Where there are more values than a
// category keeps, or mostly distinct ones, those of words go by `text`; others by `target` where
// the learner wants scaled features, unless they look like an identifier (nearly every value
// distinct) or a constant; those are left out and named.
class FeaturizerFit {
 public:
  // `target`: absent where rows are observed without one, which the encoder `target` does not take.
  FeaturizerFit(const Schema& in, std::vector<FeatureChoice> choices, Wants wants, std::string time,
                std::optional<TargetInfo> target = {});
  ~FeaturizerFit();
  std::vector<std::string> reads() const;
  // Whether observe() needs the target and the folds of its rows.
  bool needs_target() const;
  void observe(const FitBatch& seen);  // training rows
  std::unique_ptr<FeaturizerFit> clone_empty() const;
  void merge(FeaturizerFit&& later);
  bool next_pass();
  // The featurizer; the columns left out, and how the others are encoded, with the reason.
  struct LeftOut {
    std::string column, reason;
  };
  struct Chosen {
    std::string column, encoder, reason;
  };
  Featurizer freeze(std::vector<LeftOut>* left_out, std::vector<Chosen>* chosen = nullptr) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
