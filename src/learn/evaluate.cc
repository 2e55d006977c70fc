#include "learn/evaluate.h"

#include <algorithm>

#include "base/progress.h"
#include "base/thread_pool.h"

namespace gristmill {

Predictions::Predictions(const Model& model, const Dataset& data, Fold fold, int threads,
                         MetricScale scale)
    : count_(data.fold_rows(fold)),
      outputs_(model.outputs()),
      rows_(data.fold_slice(fold)),
      values_(size_t(count_ * outputs_)),
      scale_(scale) {
  constexpr int64_t rows_at_once = 4096;
  ThreadPool pool(threads);
  pool.for_each((count_ + rows_at_once - 1) / rows_at_once, [&](int64_t part) {
    check_interrupted();
    const int64_t begin = part * rows_at_once;
    FeatureRows features = rows_.features;
    features.rows = std::min(rows_at_once, count_ - begin);
    if (features.floats != nullptr) features.floats += begin * features.float_stride;
    if (features.codes != nullptr) features.codes += begin * features.code_stride;
    model.predict(features, values_.data() + begin * outputs_);
  });
}

std::map<std::string, double> evaluate(const Model& model, const Dataset& data, Fold fold,
                                       int threads, const MetricsAsked& asked) {
  return score_all(data.info().problem,
                   Predictions(model, data, fold, threads, asked.scale).scored(), asked.beside);
}

}  // namespace gristmill
