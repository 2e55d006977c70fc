// A data set in memory, for tests of learners.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "learn/learner.h"

namespace gristmill {

class TestDataset : public Dataset {
 public:
  // `levels`: of each code column. Classes are named c0, c1, …
  TestDataset(Problem problem, int classes, int64_t floats, std::vector<int64_t> levels,
              bool weighted = false)
      : weighted_(weighted) {
    std::vector<TensorSpec> specs;
    for (int64_t j = 0; j < floats; ++j) {
      const std::string name = "x" + std::to_string(j);
      specs.push_back({name, TensorKind::block, {name}, name});
    }
    for (size_t c = 0; c < levels.size(); ++c) {
      const std::string name = "c" + std::to_string(c);
      specs.push_back({name, TensorKind::code, std::vector<std::string>(size_t(levels[c])), name});
    }
    info_.layout = FeatureLayout(std::move(specs));
    info_.problem = problem;
    for (int k = 0; k < classes; ++k) info_.classes.push_back("c" + std::to_string(k));
    info_.weighted = weighted;
  }

  // Rows of a fold, in the folds' order. `make` fills the features of a row and returns its target.
  void add(Fold fold, int64_t count,
           const std::function<double(int64_t i, float* floats, int32_t* codes)>& make) {
    for (int64_t i = 0; i < count; ++i) {
      std::vector<float> floats(size_t(info_.layout.floats));
      std::vector<int32_t> codes(size_t(info_.layout.codes));
      target_.push_back(make(i, floats.data(), codes.data()));
      floats_.insert(floats_.end(), floats.begin(), floats.end());
      codes_.insert(codes_.end(), codes.begin(), codes.end());
      weight_.push_back(1 + double(i % 3));
    }
    for (int f = int(fold); f < 3; ++f) end_[f] += count;
  }

  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return end_[2]; }
  DatasetRows slice(int64_t begin, int64_t count) const override {
    if (count == 0) return {};
    DatasetRows out;
    const FeatureLayout& layout = info_.layout;
    out.features = {count, const_cast<float*>(floats_.data()) + begin * layout.floats,
                    layout.floats, const_cast<int32_t*>(codes_.data()) + begin * layout.codes,
                    layout.codes};
    out.target = target_.data() + begin;
    if (weighted_) out.weight = weight_.data() + begin;
    return out;
  }
  int64_t fold_begin(Fold fold) const override {
    return fold == Fold::train ? 0 : end_[int(fold) - 1];
  }
  int64_t fold_rows(Fold fold) const override { return end_[int(fold)] - fold_begin(fold); }

 private:
  DatasetInfo info_;
  bool weighted_;
  std::vector<float> floats_;
  std::vector<int32_t> codes_;
  std::vector<double> target_, weight_;
  int64_t end_[3] = {0, 0, 0};
};

inline std::unique_ptr<Model> train_for_test(const std::string& learner, const Dataset& data,
                                             const nlohmann::json& params = nullptr,
                                             int threads = 2) {
  const LearnerKind& kind = Learners::instance().get(learner, "model");
  SilentProgress progress;
  TrainContext context{.seed = 7, .threads = threads, .progress = progress};
  return kind.train(data, Params(params, kind.params, learner), context);
}

inline std::vector<double> predictions(const Model& model, const Dataset& data, Fold fold) {
  const DatasetRows rows = data.fold_slice(fold);
  std::vector<double> out(size_t(rows.features.rows * model.outputs()));
  model.predict(rows.features, out.data());
  return out;
}

}  // namespace gristmill
