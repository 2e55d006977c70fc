#include "learn/evaluate.h"

#include "base/progress.h"
#include "base/thread_pool.h"
#include "learn/metrics.h"

namespace gristmill {

std::map<std::string, double> evaluate(const Model& model, const Dataset& data, Fold fold,
                                       int threads) {
  constexpr int64_t rows_at_once = 4096;
  const DatasetRows rows = data.fold_slice(fold);
  const int64_t count = data.fold_rows(fold), outputs = model.outputs();
  std::vector<double> predicted(size_t(count * outputs));
  ThreadPool pool(threads);
  pool.for_each((count + rows_at_once - 1) / rows_at_once, [&](int64_t part) {
    check_interrupted();
    const int64_t begin = part * rows_at_once;
    FeatureRows features = rows.features;
    features.rows = std::min(rows_at_once, count - begin);
    if (features.floats != nullptr) features.floats += begin * features.float_stride;
    if (features.codes != nullptr) features.codes += begin * features.code_stride;
    model.predict(features, predicted.data() + begin * outputs);
  });
  return score_all(data.info().problem,
                   {count, rows.target, rows.weight, predicted.data(), outputs});
}

}  // namespace gristmill
