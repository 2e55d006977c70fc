#include "model/linear.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr int saved_version = 3;  // 1 had no means, 2 no exponential link

void expect(bool condition, const char* what) {
  if (!condition) throw Error(Code::corrupt, std::string("the linear model is damaged: ") + what);
}

template <class T>
std::vector<T> copy(const State& state, const std::string& name) {
  auto values = state.get<T>(name);
  return {values.begin(), values.end()};
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

class Linear : public Model {
 public:
  Linear(LinearParameters parameters, const FeatureLayout& layout)
      : parameters_(std::move(parameters)),
        floats_(layout.floats),
        offsets_(level_offsets(layout)) {
    const LinearParameters& p = parameters_;
    expect(p.outputs >= 1 && (p.link == Link::softmax) == (p.outputs > 1), "number of outputs");
    expect(p.bias.size() == size_t(p.outputs), "bias has the wrong length");
    expect(p.weights.size() == size_t(p.outputs) * size_t(floats_), "weights");
    expect(p.code_weights.size() == size_t(p.outputs) * size_t(offsets_.back()), "code_weights");
    expect(p.code_offset.size() + 1 == offsets_.size() &&
               std::equal(p.code_offset.begin(), p.code_offset.end(), offsets_.begin()),
           "code_offset does not fit the features");
    expect(all_finite(p.bias) && all_finite(p.weights) && all_finite(p.code_weights),
           "a weight is not finite");
    expect(p.means.empty() || p.means.size() == size_t(floats_ + offsets_.back()),
           "means has the wrong length");
    expect(all_finite(p.means), "a mean is not finite");
  }

  std::string kind() const override { return "linear"; }
  int64_t outputs() const override { return parameters_.outputs; }

  void predict(const FeatureRows& rows, double* out) const override {
    const int64_t outputs = parameters_.outputs, codes = int64_t(offsets_.size()) - 1;
    for (int64_t i = 0; i < rows.rows; ++i) {
      for (int64_t k = 0; k < outputs; ++k) {
        double score = parameters_.bias[k];
        score += linear_dot(parameters_.weights.data() + k * floats_,
                            rows.floats + i * rows.float_stride, floats_);
        const double* levels = parameters_.code_weights.data() + k * offsets_.back();
        for (int64_t c = 0; c < codes; ++c) {
          score += levels[level(rows.codes[i * rows.code_stride + c], c)];
        }
        out[i * outputs + k] = score;
      }
    }
    apply_link(parameters_.link, 1, rows.rows, outputs, out);
  }

  State save() const override {
    State state;
    // As low as it goes, so that earlier versions open what they know.
    const int version = parameters_.link == Link::exponential ? saved_version : 2;
    state.json = {{"version", version},
                  {"link", name_of(parameters_.link)},
                  {"outputs", parameters_.outputs}};
    state.put("bias", parameters_.bias);
    state.put("weights", parameters_.weights, {parameters_.outputs, floats_});
    state.put("code_weights", parameters_.code_weights, {parameters_.outputs, offsets_.back()});
    state.put("code_offset", parameters_.code_offset);
    state.put("means", parameters_.means);
    return state;
  }
  std::unique_ptr<Explainer> make_explainer(const FeatureLayout& layout) const override {
    return make_linear_explainer(parameters_, layout);
  }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout& layout,
                                                    const FeatureRows& background) const override {
    LinearParameters parameters = parameters_;
    parameters.means = means_of(background);
    return make_linear_explainer(parameters, layout);
  }

 private:
  int64_t level(int32_t code, int64_t column) const {
    return offsets_[column] + known_level(code, offsets_[column + 1] - offsets_[column]);
  }

  // As LinearParameters::means.
  std::vector<double> means_of(const FeatureRows& rows) const {
    std::vector<double> means(size_t(floats_ + offsets_.back()), 0);
    for (int64_t i = 0; i < rows.rows; ++i) {
      const float* x = rows.floats + i * rows.float_stride;
      for (int64_t j = 0; j < floats_; ++j) means[size_t(j)] += std::isnan(x[j]) ? 0 : double(x[j]);
      for (int64_t c = 0; c + 1 < int64_t(offsets_.size()); ++c)
        means[size_t(floats_ + level(rows.codes[i * rows.code_stride + c], c))] += 1;
    }
    for (double& mean : means) mean /= double(rows.rows);
    return means;
  }

  LinearParameters parameters_;
  int64_t floats_;
  std::vector<int64_t> offsets_;
};

const RegisterModel registration(ModelKind{
    "linear", [](const State& state, const FeatureLayout& layout) -> std::unique_ptr<Model> {
      LinearParameters parameters;
      const int version = saved_model_version(state, saved_version);
      parameters.link = parse_link(state.at<std::string>("link"));
      parameters.outputs = state.at<int64_t>("outputs");
      parameters.bias = copy<double>(state, "bias");
      parameters.weights = copy<double>(state, "weights");
      parameters.code_weights = copy<double>(state, "code_weights");
      parameters.code_offset = copy<int64_t>(state, "code_offset");
      if (version >= 2) parameters.means = copy<double>(state, "means");
      return make_linear(std::move(parameters), layout);
    }});

}  // namespace

double linear_dot(const double* w, const float* x, int64_t count) {
  __m256d sums = _mm256_setzero_pd();
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    __m128 floats = _mm_loadu_ps(x + j);
    floats = _mm_and_ps(floats, _mm_cmpord_ps(floats, floats));
    sums = _mm256_add_pd(sums, _mm256_mul_pd(_mm256_loadu_pd(w + j), _mm256_cvtps_pd(floats)));
  }
  alignas(32) double sum[4];
  _mm256_store_pd(sum, sums);
  for (; j < count; ++j) sum[j % 4] += w[j] * (std::isnan(x[j]) ? 0 : double(x[j]));
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

std::vector<int64_t> level_offsets(const FeatureLayout& layout) {
  std::vector<int64_t> offsets(layout.codes + 1);
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    if (layout.specs[s].kind == TensorKind::code) {
      offsets[layout.at[s] + 1] = layout.specs[s].levels();
    }
  }
  for (int64_t c = 0; c < layout.codes; ++c) {
    expect(offsets[c + 1] > 0, "a category without levels");
    offsets[c + 1] += offsets[c];
  }
  return offsets;
}

std::unique_ptr<Model> make_linear(LinearParameters parameters, const FeatureLayout& layout) {
  return std::make_unique<Linear>(std::move(parameters), layout);
}

}  // namespace gristmill
