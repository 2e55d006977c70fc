// Why a model answered as it did: its score as a base and what each feature contributed.
//
// The score is the answer before its link: the value of a regression (or its logarithm, where the
// model made elsewhere answers with exp(score)), the log-odds of the positive class (binary), each
// class's score before the softmax. base[k] + Σ_f contribution[f] is score k,
// but for rounding.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace gristmill {

class Explainer {
 public:
  virtual ~Explainer() = default;
  // Of each output: the mean score over the training rows, as the model tells them apart, or over
  // the rows that it explains against.
  virtual const std::vector<double>& base() const = 0;
  // Features explained: the layout's floats, then its codes; 0 for a model that reads none.
  virtual int64_t features() const = 0;
  // Fills out[(i * outputs + k) * features() + f]. What a row gets depends on that row alone.
  // Thread-safe.
  virtual void explain(const FeatureRows& rows, double* out) const = 0;
  // What a row costs, in steps of about 10 ns: for limits.
  virtual int64_t steps() const = 0;
};

}  // namespace gristmill
