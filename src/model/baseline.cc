#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/linear.h"

namespace gristmill {
namespace {

class Baseline : public Model {
 public:
  explicit Baseline(std::vector<double> answer) : answer_(std::move(answer)) {
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
    state.put("answer", answer_);
    return state;
  }

 private:
  std::vector<double> answer_;
};

const RegisterModel registration(ModelKind{
    "baseline", [](const State& state, const FeatureLayout&) -> std::unique_ptr<Model> {
      auto answer = state.get<double>("answer");
      return make_baseline({answer.begin(), answer.end()});
    }});

}  // namespace

std::unique_ptr<Model> make_baseline(std::vector<double> answer) {
  return std::make_unique<Baseline>(std::move(answer));
}

}  // namespace gristmill
