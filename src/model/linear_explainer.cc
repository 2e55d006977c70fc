#include <cmath>

#include "model/linear.h"

namespace gristmill {
namespace {

class LinearExplainer : public Explainer {
 public:
  LinearExplainer(const LinearParameters& parameters, const FeatureLayout& layout)
      : parameters_(parameters), floats_(layout.floats), offsets_(level_offsets(layout)) {
    const int64_t codes = layout.codes, levels = offsets_.back();
    const double* shares = parameters.means.data() + floats_;
    base_ = parameters.bias;
    for (int64_t k = 0; k < parameters.outputs; ++k) {
      for (int64_t j = 0; j < floats_; ++j)
        base_[k] += parameters.weights[k * floats_ + j] * parameters.means[j];
      for (int64_t c = 0; c < codes; ++c) {
        double mean = 0;
        for (int64_t l = offsets_[c]; l < offsets_[c + 1]; ++l)
          mean += shares[l] * parameters.code_weights[k * levels + l];
        code_means_.push_back(mean);
        base_[k] += mean;
      }
    }
  }

  const std::vector<double>& base() const override { return base_; }
  int64_t features() const override { return floats_ + int64_t(offsets_.size()) - 1; }
  int64_t steps() const override { return parameters_.outputs * features() / 8 + 1; }

  void explain(const FeatureRows& rows, double* out) const override {
    const int64_t codes = int64_t(offsets_.size()) - 1;
    for (int64_t i = 0; i < rows.rows; ++i) {
      const float* x = rows.floats + i * rows.float_stride;
      const int32_t* code = rows.codes + i * rows.code_stride;
      for (int64_t k = 0; k < parameters_.outputs; ++k) {
        const double* weights = parameters_.weights.data() + k * floats_;
        for (int64_t j = 0; j < floats_; ++j) {
          const double value = std::isnan(x[j]) ? 0 : double(x[j]);
          *out++ = weights[j] * (value - parameters_.means[j]);
        }
        const double* levels = parameters_.code_weights.data() + k * offsets_.back();
        for (int64_t c = 0; c < codes; ++c) {
          const int64_t level = offsets_[c] + known_level(code[c], offsets_[c + 1] - offsets_[c]);
          *out++ = levels[level] - code_means_[k * codes + c];
        }
      }
    }
  }

 private:
  LinearParameters parameters_;
  int64_t floats_;
  std::vector<int64_t> offsets_;
  std::vector<double> base_, code_means_;  // code_means_: [outputs][codes]
};

}  // namespace

std::unique_ptr<Explainer> make_linear_explainer(const LinearParameters& parameters,
                                                 const FeatureLayout& layout) {
  if (parameters.means.empty() && layout.floats + layout.codes > 0) return nullptr;
  return std::make_unique<LinearExplainer>(parameters, layout);
}

}  // namespace gristmill
