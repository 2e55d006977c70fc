#include "learn/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

// How often 1/65536 of all draws from a Poisson distribution of mean 1 come out as what.
std::array<uint8_t, 65536> poisson_table() {
  std::array<uint8_t, 65536> counts;
  double probability = std::exp(-1), below = 0;
  size_t at = 0;
  for (uint8_t count = 0; at < counts.size(); ++count) {
    below += probability;
    probability /= count + 1;
    const auto end = count == 8 ? counts.size() : size_t(std::lround(below * 65536));
    for (; at < end; ++at) counts[at] = count;
  }
  return counts;
}

void draw_weights(uint64_t seed, int64_t resample, const Scored& rows,
                  std::vector<double>& weights) {
  static const std::array<uint8_t, 65536> counts = poisson_table();
  weights.resize(size_t(rows.rows));
  uint64_t random = 0;
  for (int64_t i = 0; i < rows.rows; ++i) {
    random = i % 4 == 0 ? combine64(uint64_t(resample) ^ mix64(seed), uint64_t(i)) : random >> 16;
    weights[size_t(i)] = double(counts[random & 0xffff]) * rows.weight_of(i);
  }
}

// The value below which the share lies, between two where it falls there; sorted values.
double quantile(const std::vector<double>& values, double share) {
  const double at = share * double(values.size() - 1);
  const auto below = size_t(at);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - double(below)) * (values[above] - values[below]);
}

}  // namespace

nlohmann::json Interval::json() const {
  if (!std::isfinite(low) || !std::isfinite(high)) return nullptr;
  return {low, high};
}

Interval Interval::from_json(const nlohmann::json& json) {
  if (json.is_null()) return {NAN, NAN};
  return {json.at(0).get<double>(), json.at(1).get<double>()};
}

Interval Resampled::interval() const {
  std::vector<double> defined;
  for (const double value : resamples) {
    if (std::isfinite(value)) defined.push_back(value);
  }
  if (defined.empty() || 2 * defined.size() < resamples.size() || !std::isfinite(score))
    return {NAN, NAN};
  std::sort(defined.begin(), defined.end());
  return {quantile(defined, 0.025), quantile(defined, 0.975)};
}

std::map<std::string, Resampled> resample(const std::vector<const MetricKind*>& metrics,
                                          const Scored& scored, int threads, uint64_t seed,
                                          const BootstrapSize& size) {
  const ScoredRows sample(scored, evenly_spaced(scored.rows, size.rows));
  const Scored rows = sample.scored();
  const bool all = rows.rows == scored.rows;
  const double shrink = all ? 1 : std::sqrt(double(rows.rows) / double(scored.rows));
  std::vector<Scoring> scorings;
  std::vector<Resampled*> results;
  std::vector<double> centers;  // the metrics' scores of the sample
  std::map<std::string, Resampled> out;
  for (const MetricKind* metric : metrics) {
    scorings.push_back(metric->prepare(rows));
    centers.push_back(scorings.back()(rows.weight));
    results.push_back(&out[metric->name]);
    results.back()->score = all ? centers.back() : metric->score(scored);
    results.back()->resamples.resize(size_t(size.resamples));
  }
  ThreadPool pool(threads);
  constexpr int64_t at_once = 10;  // that share a buffer
  pool.for_each((size.resamples + at_once - 1) / at_once, [&](int64_t part) {
    check_interrupted();
    std::vector<double> weights;
    for (int64_t r = part * at_once; r < std::min((part + 1) * at_once, size.resamples); ++r) {
      draw_weights(seed, r, rows, weights);
      for (size_t m = 0; m < scorings.size(); ++m) {
        const double deviation = scorings[m](weights.data()) - centers[m];
        results[m]->resamples[size_t(r)] = results[m]->score + deviation * shrink;
      }
    }
  });
  return out;
}

Resampled mean_of(const std::vector<Resampled>& folds, size_t disjoint) {
  if (folds.empty()) return {.score = NAN, .resamples = {}};
  if (folds.size() == 1) return folds.front();
  Resampled out;
  for (const Resampled& fold : folds) out.score += fold.score / double(folds.size());
  if (disjoint == 0) return out;
  out.resamples.assign(folds.front().resamples.size(), out.score);
  for (size_t fold = 0; fold < disjoint; ++fold) {
    for (size_t i = 0; i < out.resamples.size(); ++i)
      out.resamples[i] += (folds[fold].resamples.at(i) - folds[fold].score) / double(disjoint);
  }
  return out;
}

Resampled difference(const Resampled& a, const Resampled& b) {
  Resampled out{.score = a.score - b.score, .resamples = a.resamples};
  for (size_t i = 0; i < out.resamples.size(); ++i) out.resamples[i] -= b.resamples.at(i);
  return out;
}

}  // namespace gristmill
