#include "model/nearest.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr int saved_version = 1;
constexpr int64_t neighbors_max = 1000;
// Beyond those that are trained with; sums of them are finite.
constexpr double largest_weight = 1e60, largest_target = 1e100;

void expect(bool condition, const char* what) {
  if (!condition)
    throw Error(Code::corrupt, std::string("the nearest neighbours are damaged: ") + what);
}

template <class T>
std::vector<T> copy(const State& state, const std::string& name) {
  auto values = state.get<T>(name);
  return {values.begin(), values.end()};
}

// In four interleaved sums: the same bits wherever it is computed.
double squared_distance(const double* a, const float* b, int64_t count) {
  __m256d sums = _mm256_setzero_pd();
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const __m256d apart =
        _mm256_sub_pd(_mm256_loadu_pd(a + j), _mm256_cvtps_pd(_mm_loadu_ps(b + j)));
    sums = _mm256_add_pd(sums, _mm256_mul_pd(apart, apart));
  }
  alignas(32) double sum[4];
  _mm256_store_pd(sum, sums);
  for (; j < count; ++j) sum[j % 4] += (a[j] - double(b[j])) * (a[j] - double(b[j]));
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

class Nearest : public Model {
 public:
  Nearest(NearestParameters parameters, const FeatureLayout& layout)
      : p_(std::move(parameters)),
        floats_(layout.floats),
        codes_(layout.codes),
        rows_(int64_t(p_.target.size())) {
    expect(rows_ >= 1, "it holds no row");
    expect(p_.neighbors >= 1 && p_.neighbors <= neighbors_max, "number of neighbours");
    expect(p_.problem == Problem::multiclass ? p_.outputs > 2 : p_.outputs == 1,
           "number of outputs");
    expect(p_.floats.size() == p_.target.size() * size_t(floats_), "floats");
    expect(p_.codes.size() == p_.target.size() * size_t(codes_), "codes");
    expect(p_.weight.empty() || p_.weight.size() == p_.target.size(), "weight");
    for (float value : p_.floats) expect(std::isfinite(value), "a number is not finite");
    for (double w : p_.weight)
      expect(w > 0 && w <= largest_weight, "a weight is not above 0, or too large");
    const double classes = p_.problem == Problem::binary ? 2 : double(p_.outputs);
    for (double y : p_.target) {
      expect(std::abs(y) <= largest_target, "a target is no number, or too large");
      if (p_.problem != Problem::regression)
        expect(y >= 0 && y < classes && y == std::floor(y), "a target is no class");
    }
  }

  std::string kind() const override { return "nearest"; }
  int64_t outputs() const override { return p_.outputs; }

  void predict(const FeatureRows& rows, double* out) const override {
    std::vector<double> row(static_cast<size_t>(floats_));
    std::vector<Neighbor> nearest;
    for (int64_t i = 0; i < rows.rows; ++i) {
      for (int64_t j = 0; j < floats_; ++j) {
        const float value = rows.floats[i * rows.float_stride + j];
        row[size_t(j)] = std::isnan(value) ? 0 : double(value);
      }
      find(row.data(), rows.codes + i * rows.code_stride, nearest);
      answer(nearest, out + i * p_.outputs);
    }
  }

  State save() const override {
    State state;
    state.json = {{"version", saved_version},
                  {"problem", name_of(p_.problem)},
                  {"outputs", p_.outputs},
                  {"neighbors", p_.neighbors},
                  {"by_distance", p_.by_distance}};
    state.put("floats", p_.floats, {rows_, floats_});
    state.put("codes", p_.codes, {rows_, codes_});
    state.put("target", p_.target);
    state.put("weight", p_.weight);
    return state;
  }

  std::unique_ptr<Explainer> make_explainer(const FeatureLayout&) const override { refuse(); }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout&,
                                                    const FeatureRows&) const override {
    refuse();
  }

 private:
  [[noreturn]] static void refuse() {
    throw Error(Code::invalid, "nearest neighbours are not explained: rows answer, not columns", {},
                "linear models and trees are");
  }

  using Neighbor = std::pair<double, int64_t>;  // squared distance, row

  // The nearest first.
  void find(const double* row, const int32_t* codes, std::vector<Neighbor>& out) const {
    out.clear();
    for (int64_t r = 0; r < rows_; ++r) {
      double distance = squared_distance(row, p_.floats.data() + r * floats_, floats_);
      const int32_t* own = p_.codes.data() + r * codes_;
      for (int64_t c = 0; c < codes_; ++c) distance += codes[c] != own[c];
      const Neighbor found{distance, r};
      if (int64_t(out.size()) < p_.neighbors) {
        out.push_back(found);
        std::push_heap(out.begin(), out.end());
      } else if (found < out.front()) {
        std::pop_heap(out.begin(), out.end());
        out.back() = found;
        std::push_heap(out.begin(), out.end());
      }
    }
    std::sort_heap(out.begin(), out.end());
  }

  void answer(const std::vector<Neighbor>& nearest, double* out) const {
    std::fill_n(out, p_.outputs, 0);
    const bool equal = p_.by_distance && nearest.front().first == 0;
    double total = 0;
    for (const auto& [squared, r] : nearest) {
      double w = p_.weight.empty() ? 1 : p_.weight[size_t(r)];
      if (equal) {
        if (squared > 0) break;  // what is equal answers alone
      } else if (p_.by_distance) {
        // Beside the nearest, so that no distance is too large or too small to divide by.
        w *= squared == nearest.front().first ? 1 : std::sqrt(nearest.front().first / squared);
      }
      total += w;
      if (p_.outputs == 1) {
        out[0] += w * p_.target[size_t(r)];
      } else {
        out[size_t(p_.target[size_t(r)])] += w;
      }
    }
    for (int64_t k = 0; k < p_.outputs; ++k) out[k] /= total;
  }

  const NearestParameters p_;
  const int64_t floats_, codes_, rows_;
};

const RegisterModel registration(ModelKind{
    "nearest", [](const State& state, const FeatureLayout& layout) -> std::unique_ptr<Model> {
      saved_model_version(state, saved_version);
      NearestParameters p;
      p.problem = parse_problem(state.at<std::string>("problem"));
      p.outputs = state.at<int64_t>("outputs");
      p.neighbors = state.at<int64_t>("neighbors");
      p.by_distance = state.at<bool>("by_distance");
      p.floats = copy<float>(state, "floats");
      p.codes = copy<int32_t>(state, "codes");
      p.target = copy<double>(state, "target");
      p.weight = copy<double>(state, "weight");
      return make_nearest(std::move(p), layout);
    }});

}  // namespace

std::unique_ptr<Model> make_nearest(NearestParameters parameters, const FeatureLayout& layout) {
  return std::make_unique<Nearest>(std::move(parameters), layout);
}

}  // namespace gristmill
