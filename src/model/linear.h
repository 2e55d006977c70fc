// Linear models over a float block and codes: score_k = b_k + Σ_j w_kj x_j + Σ_c v_kc[code_c].
#pragma once

#include "model/model.h"

namespace gristmill {

enum class Link : uint8_t { identity, logistic, softmax };

struct LinearParameters {
  Link link = Link::identity;
  int64_t outputs = 1;
  std::vector<double> bias;          // [outputs]
  std::vector<double> weights;       // [outputs][floats]
  std::vector<double> code_weights;  // [outputs][sum of levels], code columns in the layout's order
  std::vector<int64_t> code_offset;  // [codes]: where each code column starts in code_weights
};
std::unique_ptr<Model> make_linear(LinearParameters parameters, const FeatureLayout& layout);

// Always the same answer: the mean, or the class frequencies.
std::unique_ptr<Model> make_baseline(std::vector<double> answer);

}  // namespace gristmill
