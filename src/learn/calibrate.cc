#include "learn/calibrate.h"

#include <algorithm>
#include <cmath>

namespace gristmill {
namespace {

constexpr int steps_max = 100;
constexpr double slope_min = 1e-3, slope_max = 1e3;

// log(1 + exp(z)) without overflow.
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

class Platt {
 public:
  explicit Platt(const Scored& scored) : scored_(scored) {
    for (int64_t i = 0; i < scored.rows; ++i) {
      z_.push_back(log_odds(scored.predicted[i]));
      (scored.target[i] == 1 ? positive_ : negative_) += scored.weight_of(i);
    }
  }

  Calibration fit() const {
    if (positive_ <= 0 || negative_ <= 0) return {};
    Calibration at;
    double loss = loss_of(at);
    for (int step = 0; step < steps_max; ++step) {
      const Calibration change = newton(at);
      double part = 1;
      Calibration next = at;
      double reached = INFINITY;
      for (; part > 1e-10; part /= 2) {
        next = {at.slope - part * change.slope, at.offset - part * change.offset};
        reached = loss_of(next);
        if (reached <= loss) break;
      }
      if (!(reached < loss - 1e-14 * std::abs(loss))) break;
      at = next;
      loss = reached;
    }
    if (!std::isfinite(at.offset) || !(at.slope >= slope_min) || at.slope > slope_max) return {};
    return at;
  }

 private:
  double target(int64_t i) const {
    return scored_.target[i] == 1 ? (positive_ + 1) / (positive_ + 2) : 1 / (negative_ + 2);
  }
  double loss_of(const Calibration& at) const {
    double loss = 0;
    for (int64_t i = 0; i < scored_.rows; ++i) {
      const double score = at.slope * z_[size_t(i)] + at.offset;
      loss += scored_.weight_of(i) * (softplus(score) - target(i) * score);
    }
    return loss;
  }
  // H⁻¹ · gradient, H held away from singular.
  Calibration newton(const Calibration& at) const {
    double ga = 0, gb = 0, haa = 1e-12, hab = 0, hbb = 1e-12;
    for (int64_t i = 0; i < scored_.rows; ++i) {
      const double z = z_[size_t(i)], p = 1 / (1 + std::exp(-(at.slope * z + at.offset)));
      const double w = scored_.weight_of(i), g = w * (p - target(i)), h = w * p * (1 - p);
      ga += g * z;
      gb += g;
      haa += h * z * z;
      hab += h * z;
      hbb += h;
    }
    const double det = haa * hbb - hab * hab;
    if (!(det > 0)) return {ga / haa, 0};
    return {(hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det};
  }

  const Scored& scored_;
  std::vector<double> z_;
  double positive_ = 0, negative_ = 0;
};

// The loss falls and rises once along the slope: its derivative's root, by Newton's method within a
// bracket.
Calibration fit_temperature(const Scored& scored) {
  std::vector<double> logs(size_t(scored.rows * scored.outputs));
  std::transform(scored.predicted, scored.predicted + logs.size(), logs.begin(),
                 [](double p) { return std::log(std::max(p, 1e-300)); });
  double low = slope_min, high = slope_max, slope = 1;
  for (int step = 0; step < steps_max; ++step) {
    double first = 0, second = 0;
    for (int64_t i = 0; i < scored.rows; ++i) {
      const double* z = logs.data() + i * scored.outputs;
      const double top = *std::max_element(z, z + scored.outputs), w = scored.weight_of(i);
      double sum = 0, mean = 0, square = 0;
      for (int64_t k = 0; k < scored.outputs; ++k) {
        const double e = std::exp(slope * (z[k] - top));
        sum += e;
        mean += e * z[k];
        square += e * z[k] * z[k];
      }
      mean /= sum;
      first += w * (mean - z[size_t(scored.target[i])]);
      second += w * (square / sum - mean * mean);
    }
    (first > 0 ? high : low) = slope;
    const double next = slope - first / second;
    const double last = slope;
    slope = next > low && next < high ? next : std::sqrt(low * high);
    if (std::abs(slope - last) <= 1e-12 * slope) break;
  }
  // At an end of the range, the rows say nothing of it.
  return slope > 1.01 * slope_min && slope < 0.99 * slope_max ? Calibration{slope, 0}
                                                              : Calibration{};
}

}  // namespace

Calibration fit_calibration(Problem problem, const Scored& scored) {
  if (problem == Problem::regression || scored.rows == 0) return {};
  return problem == Problem::binary ? Platt(scored).fit() : fit_temperature(scored);
}

}  // namespace gristmill
