#include "learn/permutation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t max_rows = 5000;
constexpr int shuffles = 5;

// What the spec holds, in the order of `order`.
void take_spec(const FeatureLayout& layout, size_t s, const FeatureRows& from,
               const std::vector<int64_t>& order, const FeatureRows& to) {
  const int64_t at = layout.at[s];
  for (int64_t i = 0; i < to.rows; ++i) {
    const int64_t source = order[size_t(i)];
    if (layout.specs[s].kind == TensorKind::code) {
      to.codes[i * to.code_stride + at] = from.codes[source * from.code_stride + at];
    } else {
      std::copy_n(from.floats + source * from.float_stride + at, layout.specs[s].width(),
                  to.floats + i * to.float_stride + at);
    }
  }
}

// Rows of a fold, copied.
struct Rows {
  FeatureBuffer buffer;
  FeatureRows features;
  std::vector<double> target, weight;

  Rows(const Dataset& data, Fold fold) {
    const DatasetRows all = data.fold_slice(fold);
    const FeatureLayout& layout = data.info().layout;
    const std::vector<int64_t> picked = evenly_spaced(data.fold_rows(fold), max_rows);
    features = buffer.resize(layout, int64_t(picked.size()));
    for (size_t spec = 0; spec < layout.specs.size(); ++spec)
      take_spec(layout, spec, all.features, picked, features);
    for (const int64_t from : picked) {
      target.push_back(all.target[from]);
      if (all.weight != nullptr) weight.push_back(all.weight[from]);
    }
  }
};

double score_of(const Model& model, const MetricKind& metric, const MetricScale& scale,
                const Rows& rows, const FeatureRows& features) {
  std::vector<double> predicted(size_t(features.rows * model.outputs()));
  model.predict(features, predicted.data());
  return metric.score({features.rows, rows.target.data(),
                       rows.weight.empty() ? nullptr : rows.weight.data(), predicted.data(),
                       model.outputs(), scale});
}

std::vector<int64_t> shuffled(int64_t count, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t(0));
  for (int64_t i = count - 1; i > 0; --i) {
    seed = mix64(seed + 0x9e3779b97f4a7c15ULL);
    std::swap(order[size_t(i)], order[size_t(seed % uint64_t(i + 1))]);
  }
  return order;
}

}  // namespace

std::vector<ColumnLoss> permutation_importance(const Model& model, const Dataset& data, Fold fold,
                                               const MetricKind& metric, const MetricScale& scale,
                                               int threads) {
  const FeatureLayout& layout = data.info().layout;
  const Rows rows(data, fold);
  const double whole = score_of(model, metric, scale, rows, rows.features);
  if (!std::isfinite(whole)) return {};
  std::vector<ColumnLoss> out;
  std::vector<std::vector<size_t>> specs_of;  // of each column
  std::map<std::string, size_t> known;
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    const auto [at, is_new] = known.emplace(layout.specs[s].source, out.size());
    if (is_new) {
      out.push_back({layout.specs[s].source});
      specs_of.emplace_back();
    }
    specs_of[at->second].push_back(s);
  }
  const double sign = metric.higher_is_better ? 1 : -1;
  ThreadPool pool(threads);
  pool.for_each(int64_t(out.size()), [&](int64_t c) {
    Rows changed = rows;
    changed.features = changed.buffer.resize(layout, rows.features.rows);
    std::vector<double> losses;
    for (int k = 0; k < shuffles; ++k) {
      check_interrupted();
      const auto order = shuffled(rows.features.rows, combine64(uint64_t(c), uint64_t(k)));
      for (const size_t s : specs_of[size_t(c)])
        take_spec(layout, s, rows.features, order, changed.features);
      losses.push_back(sign * (whole - score_of(model, metric, scale, rows, changed.features)));
    }
    const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / shuffles;
    double squares = 0;
    for (const double loss : losses) squares += (loss - mean) * (loss - mean);
    out[size_t(c)].loss = mean;
    out[size_t(c)].spread = std::sqrt(squares / (shuffles - 1));
  });
  std::stable_sort(out.begin(), out.end(),
                   [](const ColumnLoss& a, const ColumnLoss& b) { return a.loss > b.loss; });
  return out;
}

}  // namespace gristmill
