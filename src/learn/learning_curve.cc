#include "learn/learning_curve.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "learn/copied_rows.h"
#include "learn/evaluate.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t parts[] = {16, 8, 4, 2};  // of the training rows
constexpr int64_t least_rows = 50, most_validate = 50'000, most_cells = 50'000'000;

// The training rows in an order by chance.
std::vector<int64_t> shuffled(int64_t rows, uint64_t seed) {
  std::vector<std::pair<uint64_t, int64_t>> keyed;
  for (int64_t i = 0; i < rows; ++i) keyed.emplace_back(combine64(seed, uint64_t(i)), i);
  std::sort(keyed.begin(), keyed.end());
  std::vector<int64_t> out;
  for (const auto& [unused, row] : keyed) out.push_back(row);
  return out;
}

}  // namespace

std::vector<CurvePoint> learning_curve(const Dataset& data, const LearnerKind& learner,
                                       const Params& params, const Model& whole,
                                       const MetricKind& metric, const MetricScale& scale,
                                       uint64_t seed, Progress& progress) {
  const std::vector<int64_t> validate =
      evenly_spaced(data.fold_rows(Fold::validate), most_validate);
  const std::vector<int64_t> order = shuffled(data.fold_rows(Fold::train), seed);
  const FeatureLayout& layout = data.info().layout;
  const int64_t most_rows = most_cells / std::max<int64_t>(1, layout.floats + layout.codes);
  std::vector<CurvePoint> points;
  const auto score = [&](const Model& model, const Dataset& rows) {
    return metric.score(Predictions(model, rows, Fold::validate, 0, scale).scored());
  };
  for (const int64_t part : parts) {
    const int64_t count = int64_t(order.size()) / part;
    if (count < least_rows || count + int64_t(validate.size()) > most_rows) continue;
    check_interrupted();
    CopiedRows rows(data, {});
    std::vector<int64_t> chosen(order.begin(), order.begin() + count);
    std::sort(chosen.begin(), chosen.end());
    for (const int64_t row : chosen) rows.add(data.fold_begin(Fold::train) + row);
    rows.end_training();
    for (const int64_t row : validate) rows.add(data.fold_begin(Fold::validate) + row);
    TrainContext context{.seed = seed, .threads = 0, .progress = progress};
    try {
      points.push_back({count, score(*learner.train(rows, params, context), rows)});
    } catch (const Error& error) {
      if (error.code() != Code::invalid) throw;  // one class only, say
    }
  }
  CopiedRows rows(data, {});
  rows.end_training();
  for (const int64_t row : validate) rows.add(data.fold_begin(Fold::validate) + row);
  points.push_back({int64_t(order.size()), score(whole, rows)});
  return points;
}

}  // namespace gristmill
