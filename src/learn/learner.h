// Learners: a data set → a model. One source file a kind, registering a LearnerKind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/params.h"
#include "base/progress.h"
#include "base/registry.h"
#include "feature/encoder.h"
#include "learn/search.h"
#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

struct TrainContext {
  uint64_t seed = 0;
  int threads = 0;  // 0: all cores; the model does not depend on it
  Progress& progress;
  // What the learner says of its model, for the report: what it chose by itself, "weights" {"kept",
  // "of"} that are not 0, "trees" kept, "rules" as lines, "warnings".
  nlohmann::json learned = nlohmann::json::object();
};

struct LearnerKind {
  std::string name;  // "linear", "boosted-trees", "baseline"
  int version = 1;
  std::string text;  // for the reference
  std::vector<ParamDoc> params;
  // Of parameters that do not go together: Code::invalid. Told while the project is read.
  std::function<void(const Params&)> check;
  Wants wants;
  // What a search may vary; empty: nothing.
  std::vector<SearchRange> search;
  // Parameters to learn again with where no rows are left to validate: what was chosen by them, as
  // TrainContext::learned of such trainings says. Empty: none is.
  std::function<nlohmann::json(const std::vector<nlohmann::json>& learned)> settled;
  // Memory that each training and validate row costs while training; empty: rows stream.
  std::function<int64_t(const FeatureLayout&)> bytes_per_row;
  // Trains on fold `train`, may look at `validate` where it has rows, never at `test`.
  // Code::invalid when the data cannot be learned from (one class only, no rows).
  std::function<std::unique_ptr<Model>(const Dataset&, const Params&, TrainContext&)> train;
};
using Learners = Registry<LearnerKind>;
using RegisterLearner = Registration<LearnerKind>;

}  // namespace gristmill
