#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/linear.h"

namespace gristmill {
namespace {

constexpr int saved_version = 2;  // 1 had no link

// The score whose link gives the answer. Where a share is 0 or 1 it is infinite; where it is no
// share, NaN.
std::vector<double> score_of(std::vector<double> answer, Link link) {
  for (double& value : answer) {
    if (link == Link::logistic) value = std::log(value) - std::log1p(-value);
    if (link == Link::softmax) value = std::log(value);
  }
  return answer;
}

class BaselineExplainer : public Explainer {
 public:
  explicit BaselineExplainer(std::vector<double> base) : base_(std::move(base)) {}
  const std::vector<double>& base() const override { return base_; }
  int64_t features() const override { return 0; }
  void explain(const FeatureRows&, double*) const override {}
  int64_t steps() const override { return 1; }

 private:
  std::vector<double> base_;
};

class Baseline : public Model {
 public:
  Baseline(std::vector<double> answer, std::optional<Link> link)
      : answer_(std::move(answer)), link_(link) {
    bool finite = std::all_of(answer_.begin(), answer_.end(),
                              [](double value) { return std::isfinite(value); });
    if (answer_.empty() || !finite) throw Error(Code::corrupt, "the baseline model is damaged");
  }
  std::string kind() const override { return "baseline"; }
  int64_t outputs() const override { return int64_t(answer_.size()); }
  void predict(const FeatureRows& rows, double* out) const override {
    for (int64_t i = 0; i < rows.rows; ++i) {
      std::copy(answer_.begin(), answer_.end(), out + i * outputs());
    }
  }
  State save() const override {
    State state;
    if (link_) state.json = {{"version", saved_version}, {"link", name_of(*link_)}};
    state.put("answer", answer_);
    return state;
  }
  std::unique_ptr<Explainer> make_explainer(const FeatureLayout&) const override {
    return link_ ? std::make_unique<BaselineExplainer>(score_of(answer_, *link_)) : nullptr;
  }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout& layout,
                                                    const FeatureRows&) const override {
    return make_explainer(layout);
  }

 private:
  std::vector<double> answer_;
  std::optional<Link> link_;
};

const RegisterModel registration(ModelKind{
    "baseline", [](const State& state, const FeatureLayout&) -> std::unique_ptr<Model> {
      std::optional<Link> link;
      if (saved_model_version(state, saved_version) >= 2)
        link = parse_link(state.at<std::string>("link"));
      auto answer = state.get<double>("answer");
      return make_baseline({answer.begin(), answer.end()}, link);
    }});

}  // namespace

std::unique_ptr<Model> make_baseline(std::vector<double> answer, std::optional<Link> link) {
  return std::make_unique<Baseline>(std::move(answer), link);
}

}  // namespace gristmill
