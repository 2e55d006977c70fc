// How far scores on these rows may be from those on all rows there could be: the bootstrap (Efron
// 1979). Each resample gives each row a weight drawn from a Poisson distribution of mean 1
// (Chamandy et al. 2012), so that a resample costs a pass over rows that a metric prepared once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "learn/metrics.h"

namespace gristmill {

struct BootstrapSize {
  int64_t resamples = 400;
  // Of more rows, so many evenly spaced ones are resampled, and the scores' deviations shrunk by
  // the root of their share (Bickel, Götze and van Zwet 1997): a bounded cost for any number of
  // rows.
  int64_t rows = 20000;
};

// NaN: not defined.
struct Interval {
  double low, high;
  nlohmann::json json() const;  // [low, high], or null
  static Interval from_json(const nlohmann::json& json);
};

struct Resampled {
  double score = 0;
  std::vector<double> resamples;
  // 95 %, by percentiles of the resamples. Not defined where fewer than half of them are.
  Interval interval() const;
};

// Scores by metric. Rows as many as elsewhere get the same weights by the same seed: the resamples
// of two models on the same rows are pairs; those of other rows need another seed. The same for any
// number of threads (0: all cores).
std::map<std::string, Resampled> resample(const std::vector<const MetricKind*>& metrics,
                                          const Scored& scored, int threads, uint64_t seed = 0,
                                          const BootstrapSize& size = {});

// Of one metric on each of some folds: their mean, not defined where one of them is not. The first
// `disjoint` of them say how sure it is: what comes after repeats their rows. 0: no interval.
Resampled mean_of(const std::vector<Resampled>& folds, size_t disjoint);

// a − b, resample by resample: of two models on the same rows.
Resampled difference(const Resampled& a, const Resampled& b);

}  // namespace gristmill
