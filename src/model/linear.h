// Linear models over a float block and codes: score_k = b_k + Σ_j w_kj x_j + Σ_c v_kc[code_c].
#pragma once

#include <optional>

#include "model/link.h"
#include "model/model.h"

namespace gristmill {

struct LinearParameters {
  Link link = Link::identity;
  int64_t outputs = 1;
  std::vector<double> bias;          // [outputs]
  std::vector<double> weights;       // [outputs][floats]
  std::vector<double> code_weights;  // [outputs][sum of levels], code columns in the layout's order
  std::vector<int64_t> code_offset;  // [codes]: where each code column starts in code_weights
  // [floats + sum of levels]: the mean of each float over the training rows, NaN as 0, and the
  // share of each level; for explanations. Empty where it is not known.
  std::vector<double> means;
};
// Sizes that do not fit the layout are Code::corrupt. A code outside its levels counts as 1 (never
// seen before), a NaN among the floats as 0 (the mean of a scaled number).
std::unique_ptr<Model> make_linear(LinearParameters parameters, const FeatureLayout& layout);

// Σ_j w[j] x[j] with NaN as 0, in four interleaved sums: the same bits wherever it is computed.
double linear_dot(const double* w, const float* x, int64_t count);

// Contribution j of output k is w_kj (x_j − mean of x_j); of a code, its weight less the mean
// weight: the Shapley values of features that vary by themselves. O(outputs · features) a row. Null
// without means. Parameters that make_linear() took.
std::unique_ptr<Explainer> make_linear_explainer(const LinearParameters& parameters,
                                                 const FeatureLayout& layout);

// Where each code column of the layout starts among all levels, and their sum: [codes + 1].
std::vector<int64_t> level_offsets(const FeatureLayout& layout);

// A code as a level of its column, of `levels`: 1 (never seen before) where it is none of them.
inline int64_t known_level(int32_t code, int64_t levels) {
  if (code < 0 || code >= levels) return levels > 1 ? 1 : 0;
  return code;
}

// Always the same answer: the mean, the positive share (binary), or the class frequencies. Its link
// is what its score is explained by; without one it is not explained.
std::unique_ptr<Model> make_baseline(std::vector<double> answer, std::optional<Link> link);

}  // namespace gristmill
