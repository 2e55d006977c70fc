// How good a model is on one fold of a data set.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "learn/metrics.h"
#include "model/model.h"
#include "tensor/dataset.h"

namespace gristmill {

// What a model says of a fold, beside the truth that the data set holds. Predicts a few rows at a
// time, and holds the predictions of all. `threads` 0: all cores.
class Predictions {
 public:
  Predictions(const Model& model, const Dataset& data, Fold fold, int threads,
              MetricScale scale = {});
  // Of this and the data set's memory.
  Scored scored() const {
    return {count_, rows_.target, rows_.weight, values_.data(), outputs_, scale_};
  }

 private:
  int64_t count_, outputs_;
  DatasetRows rows_;
  std::vector<double> values_;
  MetricScale scale_;
};

// All metrics for the data set's problem and those asked for, by name.
std::map<std::string, double> evaluate(const Model& model, const Dataset& data, Fold fold,
                                       int threads, const MetricsAsked& asked = {});

}  // namespace gristmill
