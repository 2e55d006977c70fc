#include "model/calibrated.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr double least = 1e-15;  // of a probability that is asked for its logarithm

// The same contributions on the scale of the calibrated score: it is linear in the model's own.
class CalibratedExplainer : public Explainer {
 public:
  CalibratedExplainer(std::unique_ptr<Explainer> own, const Calibration& calibration)
      : own_(std::move(own)), slope_(calibration.slope), base_(own_->base()) {
    for (double& value : base_) value = slope_ * value + calibration.offset;
  }
  const std::vector<double>& base() const override { return base_; }
  int64_t features() const override { return own_->features(); }
  void explain(const FeatureRows& rows, double* out) const override {
    own_->explain(rows, out);
    const int64_t cells = rows.rows * int64_t(base_.size()) * features();
    for (int64_t i = 0; i < cells; ++i) out[i] *= slope_;
  }
  int64_t steps() const override { return own_->steps(); }

 private:
  std::unique_ptr<Explainer> own_;
  double slope_;
  std::vector<double> base_;
};

class Calibrated : public Model {
 public:
  Calibrated(std::unique_ptr<Model> model, const Calibration& calibration)
      : model_(std::move(model)), calibration_(calibration) {
    if (!std::isfinite(calibration.offset) || !std::isfinite(calibration.slope) ||
        calibration.slope <= 0)
      throw Error(Code::corrupt, "the calibration of the model is damaged");
  }
  std::string kind() const override { return "calibrated"; }
  int64_t outputs() const override { return model_->outputs(); }
  void predict(const FeatureRows& rows, double* out) const override {
    model_->predict(rows, out);
    calibrate(calibration_, rows.rows, outputs(), out);
  }
  State save() const override {
    State state;
    state.json = {
        {"kind", model_->kind()}, {"slope", calibration_.slope}, {"offset", calibration_.offset}};
    state.put_state("model", model_->save());
    return state;
  }
  std::vector<double> importance() const override { return model_->importance(); }
  std::unique_ptr<Explainer> make_explainer(const FeatureLayout& layout) const override {
    return calibrated(model_->make_explainer(layout));
  }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout& layout,
                                                    const FeatureRows& background) const override {
    return calibrated(model_->make_explainer_against(layout, background));
  }

 private:
  std::unique_ptr<Explainer> calibrated(std::unique_ptr<Explainer> own) const {
    return own ? std::make_unique<CalibratedExplainer>(std::move(own), calibration_) : nullptr;
  }

  std::unique_ptr<Model> model_;
  Calibration calibration_;
};

const RegisterModel registration(ModelKind{
    "calibrated", [](const State& state, const FeatureLayout& layout) -> std::unique_ptr<Model> {
      const std::string kind = state.at<std::string>("kind");
      if (kind == "calibrated") throw Error(Code::corrupt, "a model is calibrated twice");
      return make_calibrated(Models::instance()
                                 .get(kind, "model", Code::corrupt)
                                 .load(state.get_state("model"), layout),
                             {state.at<double>("slope"), state.at<double>("offset")});
    }});

}  // namespace

double log_odds(double probability) {
  const double p = std::clamp(probability, least, 1 - least);
  return std::log(p) - std::log1p(-p);
}

void calibrate(const Calibration& calibration, int64_t rows, int64_t outputs, double* probability) {
  if (outputs == 1) {
    for (int64_t i = 0; i < rows; ++i) {
      const double z = calibration.slope * log_odds(probability[i]) + calibration.offset;
      probability[i] = 1 / (1 + std::exp(-z));
    }
    return;
  }
  for (double* row = probability; row < probability + rows * outputs; row += outputs) {
    const double highest = *std::max_element(row, row + outputs);
    double sum = 0;
    for (int64_t k = 0; k < outputs; ++k)
      sum += row[k] = std::pow(row[k] / highest, calibration.slope);
    for (int64_t k = 0; k < outputs; ++k) row[k] /= sum;
  }
}

std::unique_ptr<Model> make_calibrated(std::unique_ptr<Model> model,
                                       const Calibration& calibration) {
  return std::make_unique<Calibrated>(std::move(model), calibration);
}

}  // namespace gristmill
