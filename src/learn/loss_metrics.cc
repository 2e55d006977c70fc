// Metrics that fit the losses of numbers, as scikit-learn has them.
#include <cmath>
#include <limits>

#include "learn/metrics.h"

namespace gristmill {
namespace {

// The mean of loss(target, predicted, scale) over the rows. NaN without weight.
template <double (*loss)(double, double, const MetricScale&)>
Scoring mean_loss(const Scored& s) {
  std::vector<double> losses(static_cast<size_t>(s.rows));
  for (int64_t i = 0; i < s.rows; ++i)
    losses[size_t(i)] = loss(s.target[i], s.predicted[i], s.scale);
  return [losses = std::move(losses)](const double* weight) {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < losses.size(); ++i) {
      const double w = weight == nullptr ? 1 : weight[i];
      sum += w * losses[i];
      weights += w;
    }
    return weights > 0 ? sum / weights : NAN;
  };
}

double pinball(double target, double predicted, const MetricScale& scale) {
  const double missing = target - predicted;
  return missing >= 0 ? scale.alpha * missing : (scale.alpha - 1) * missing;
}

double absolute_share(double target, double predicted, const MetricScale&) {
  return std::abs(target - predicted) /
         std::max(std::abs(target), std::numeric_limits<double>::epsilon());
}

// Not defined where an answer or a target is none of the distribution.
double poisson(double target, double predicted, const MetricScale&) {
  if (target < 0 || predicted <= 0) return NAN;
  return 2 * ((target > 0 ? target * std::log(target / predicted) : 0) - target + predicted);
}

double gamma(double target, double predicted, const MetricScale&) {
  if (target <= 0 || predicted <= 0) return NAN;
  return 2 * (std::log(predicted / target) + target / predicted - 1);
}

double tweedie(double target, double predicted, const MetricScale& scale) {
  if (target < 0 || predicted <= 0) return NAN;
  const double p = scale.power;
  return 2 * (std::pow(target, 2 - p) / ((1 - p) * (2 - p)) -
              target * std::pow(predicted, 1 - p) / (1 - p) + std::pow(predicted, 2 - p) / (2 - p));
}

MetricKind of_loss(const char* name, const char* text, Scoring (*prepare)(const Scored&)) {
  return {name, text, false, {Problem::regression}, prepare, true};
}

const RegisterMetric pinball_kind(of_loss(
    "pinball", "Mean pinball loss of the quantile `alpha` that a model learns, of the median else",
    mean_loss<pinball>));
const RegisterMetric mape_kind(of_loss("mape", "Mean absolute error as a share of the target",
                                       mean_loss<absolute_share>));
const RegisterMetric poisson_kind(of_loss("poisson_deviance",
                                          "Mean Poisson deviance; defined for answers above 0",
                                          mean_loss<poisson>));
const RegisterMetric gamma_kind(of_loss("gamma_deviance",
                                        "Mean gamma deviance; defined for answers above 0",
                                        mean_loss<gamma>));
const RegisterMetric tweedie_kind(of_loss(
    "tweedie_deviance", "Mean Tweedie deviance of the `power` that a model learns, of 1.5 else",
    mean_loss<tweedie>));

}  // namespace
}  // namespace gristmill
