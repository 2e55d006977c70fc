#include "learn/training_means.h"

#include <algorithm>

#include "frame/batch.h"
#include "learn/training_rows.h"

namespace gristmill {
namespace {

struct Sums {
  std::vector<double> features;
  double weights = 0;
};

void add_row(const DatasetRows& rows, int64_t i, const LinearShape& shape, Sums& sums) {
  const double weight = rows.weight == nullptr ? 1 : rows.weight[i];
  sums.weights += weight;
  add_scaled(sums.features.data(), rows.features.floats + i * rows.features.float_stride, weight,
             shape.floats);
  const int32_t* codes = rows.features.codes + i * rows.features.code_stride;
  double* levels = sums.features.data() + shape.floats;
  for (int64_t c = 0; c < shape.codes; ++c) levels[shape.level_at[c] + codes[c]] += weight;
}

}  // namespace

std::vector<double> training_means(const Dataset& data, const LinearShape& shape,
                                   ThreadPool& pool) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const int64_t count = data.fold_rows(Fold::train), window = 2 * pool.size();
  const Sums none{std::vector<double>(size_t(shape.floats + shape.levels), 0)};
  std::vector<Sums> parts(size_t(window), none);
  Sums all = none;
  for_chunks(
      pool, window, chunk_rows, count,
      [&](int64_t slot, int64_t begin) {
        parts[slot] = none;
        for (int64_t i = begin; i < std::min(count, begin + chunk_rows); ++i)
          add_row(rows, i, shape, parts[slot]);
      },
      [&](int64_t slot) {
        add_scaled(all.features.data(), parts[slot].features.data(), 1,
                   int64_t(all.features.size()));
        all.weights += parts[slot].weights;
      });
  for (double& mean : all.features) mean /= all.weights;
  return all.features;
}

}  // namespace gristmill
