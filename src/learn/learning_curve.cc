#include "learn/learning_curve.h"

#include <algorithm>

#include "base/error.h"
#include "learn/copied_rows.h"
#include "learn/evaluate.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t parts[] = {16, 8, 4, 2};  // of the training rows
constexpr int64_t least_rows = 50, most_validate = 50'000, most_cells = 50'000'000;

// About one in `part` of the training rows by chance, those of a larger part among those of a
// smaller one; at most `most`.
std::vector<int64_t> some_of(int64_t rows, int64_t part, int64_t most, uint64_t seed) {
  std::vector<int64_t> out;
  for (int64_t row = 0; row < rows && int64_t(out.size()) <= most; ++row) {
    if (combine64(seed, uint64_t(row)) <= UINT64_MAX / uint64_t(part)) out.push_back(row);
  }
  return out;
}

}  // namespace

std::vector<CurvePoint> learning_curve(const Dataset& data, const LearnerKind& learner,
                                       const Params& params, const Model& whole,
                                       const MetricKind& metric, const MetricScale& scale,
                                       uint64_t seed, Progress& progress) {
  const FeatureLayout& layout = data.info().layout;
  const int64_t most_rows = most_cells / std::max<int64_t>(1, layout.floats + layout.codes);
  const std::vector<int64_t> validate =
      evenly_spaced(data.fold_rows(Fold::validate), std::min(most_validate, most_rows / 2));
  const int64_t most = most_rows - int64_t(validate.size());
  std::vector<CurvePoint> points;
  const auto add = [&](CopiedRows& rows, const std::vector<int64_t>& training, auto model_of) {
    rows.reserve(int64_t(training.size() + validate.size()));
    for (const int64_t row : training) rows.add(data.fold_begin(Fold::train) + row);
    rows.end_training();
    for (const int64_t row : validate) rows.add(data.fold_begin(Fold::validate) + row);
    const Predictions predictions(model_of(), rows, Fold::validate, 0, scale);
    points.push_back({int64_t(training.size()), metric.score(predictions.scored())});
  };
  for (const int64_t part : parts) {
    check_interrupted();
    const std::vector<int64_t> chosen = some_of(data.fold_rows(Fold::train), part, most, seed);
    if (int64_t(chosen.size()) < least_rows || int64_t(chosen.size()) > most) continue;
    CopiedRows rows(data, {});
    TrainContext context{.seed = seed, .threads = 0, .progress = progress};
    std::unique_ptr<Model> model;
    try {
      add(rows, chosen, [&]() -> const Model& {
        model = learner.train(rows, params, context);
        return *model;
      });
    } catch (const Error& error) {
      if (error.code() != Code::invalid) throw;  // one class only, say
    }
  }
  CopiedRows rows(data, {});
  add(rows, {}, [&]() -> const Model& { return whole; });
  points.back().rows = data.fold_rows(Fold::train);
  return points;
}

}  // namespace gristmill
