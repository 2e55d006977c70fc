#include "learn/linear_sparse.h"

#include <algorithm>
#include <cmath>

namespace gristmill {
namespace {

constexpr double sufficient_decrease = 1e-4;
constexpr double rounding = 1e-14;  // of a value, relative
constexpr double within = 1e-4;     // of the tolerance: how well the quadratic model is minimised
constexpr int sweeps_max = 2000, halvings_max = 30;

double toward_zero(double value, double by) {
  return std::copysign(std::max(std::abs(value) - by, 0.0), value);
}

// The quadratic model of one output around `x`: gradientᵀd + dᵀHd / 2 + l1 · Σ|x + d|, minimised
// over d coordinate by coordinate. `pull` is what of H·d the other coordinates give.
class CoordinateDescent {
 public:
  CoordinateDescent(const LinearHessian::Output& hessian, const HessianPlan& plan,
                    const LinearPenalty& penalty, const double* gradient, const double* x,
                    double* step, int64_t stride)
      : hessian_(hessian),
        plan_(plan),
        penalty_(penalty),
        gradient_(gradient),
        x_(x),
        step_(step),
        pull_dense_(size_t(plan.side())),
        pull_border_(size_t(plan.levels)),
        place_of_(size_t(stride), -1) {
    for (int64_t a = 0; a < plan.side(); ++a) place_of_[size_t(plan.dense[a])] = a;
    for (int64_t j = 0; j < stride; ++j) all_.push_back(j);
  }

  // Between sweeps over all, only what is not 0 is moved.
  void run(double tolerance) {
    for (int sweeps = 0; sweeps < sweeps_max; ++sweeps) {
      if (sweep(all_) <= tolerance) return;
      std::vector<int64_t> active;
      for (int64_t j : all_) {
        if (x_[j] + step_[j] != 0) active.push_back(j);
      }
      while (sweeps < sweeps_max && sweep(active) > tolerance) ++sweeps;
    }
  }

 private:
  bool bordering(int64_t j) const { return j >= plan_.border && j < plan_.border + plan_.levels; }

  // The most that one move has gained.
  double sweep(const std::vector<int64_t>& coordinates) {
    double most = 0;
    for (int64_t j : coordinates) most = std::max(most, move(j));
    return most;
  }

  double move(int64_t j) {
    const int64_t a = place_of_[size_t(j)];
    const double l2 = j == 0 ? 0 : penalty_.l2, l1 = j == 0 ? 0 : penalty_.l1;
    const double bend =
        l2 + (a >= 0 ? hessian_.dense[size_t(a * plan_.side() + a)] : hessian_.diagonal[size_t(j)]);
    if (!(bend > 0)) return 0;
    double slope = gradient_[j] + l2 * step_[j];
    if (a >= 0) {
      slope += pull_dense_[size_t(a)];
    } else {
      slope += hessian_.diagonal[size_t(j)] * step_[j];
      if (bordering(j)) slope += pull_border_[size_t(j - plan_.border)];
    }
    const double now = x_[j] + step_[j];
    const double by = toward_zero(now - slope / bend, l1 / bend) - now;
    if (by == 0) return 0;
    // So that what becomes 0 is 0 to the last bit.
    step_[j] = now + by == 0 ? -x_[j] : step_[j] + by;
    spread(j, a, by);
    return by * by * bend;
  }

  void spread(int64_t j, int64_t a, double by) {
    const int64_t side = plan_.side();
    if (a >= 0) {
      add_scaled(pull_dense_.data(), hessian_.dense.data() + a * side, by, side);
      for (int64_t l = 0; l < plan_.levels; ++l)
        pull_border_[size_t(l)] += by * hessian_.border[size_t(l * side + a)];
    } else if (bordering(j)) {
      add_scaled(pull_dense_.data(), hessian_.border.data() + (j - plan_.border) * side, by, side);
    }
  }

  const LinearHessian::Output& hessian_;
  const HessianPlan& plan_;
  const LinearPenalty& penalty_;
  const double *gradient_, *x_;
  double* step_;
  std::vector<double> pull_dense_, pull_border_;
  std::vector<int64_t> place_of_, all_;
};

// What, taken off all of `values`, makes their penalty least: 0 unless another does better. It lies
// at one of them, or where the slope between two of them is 0.
double best_shift(const LinearPenalty& penalty, std::vector<double> values) {
  const auto count = double(values.size());
  std::sort(values.begin(), values.end());
  double mean = 0;
  for (double value : values) mean += value / count;
  auto cost = [&](double shift) {
    double sum = 0;
    for (double value : values)
      sum +=
          penalty.l1 * std::abs(value - shift) + penalty.l2 / 2 * (value - shift) * (value - shift);
    return sum;
  };
  double best = 0, least = cost(0) * (1 - rounding);
  auto consider = [&](double shift) {
    if (const double found = cost(shift); found < least) {
      best = shift;
      least = found;
    }
  };
  for (double value : values) consider(value);
  for (size_t below = 0; penalty.l2 > 0 && below <= values.size(); ++below)
    consider(mean + penalty.l1 * (count - 2 * double(below)) / (penalty.l2 * count));
  return best;
}

class ProximalNewton {
 public:
  ProximalNewton(const LinearObjective& objective, const LinearPenalty& penalty, double tolerance)
      : objective_(objective), penalty_(penalty), tolerance_(tolerance) {}

  void run(int steps_max, Progress& progress, std::vector<double>& x) {
    std::vector<double> gradient(x.size()), next(x.size()), next_gradient(x.size());
    double value = objective_.value(x, penalty_.l2, gradient) + penalty_.l1 * absolute(x);
    double promised_before = -INFINITY;
    for (int steps = 0; steps < steps_max; ++steps) {
      const std::vector<double> step = model_step(x, gradient);
      const double promised = promise(x, gradient, step);
      if (!(promised < -tolerance_)) return;
      double share = 1;
      for (int halvings = 0;; ++halvings, share /= 2) {
        for (size_t j = 0; j < x.size(); ++j)
          next[j] = share == 1 && x[j] == -step[j] ? 0 : x[j] + share * step[j];
        if (objective_.shape().outputs > 1) shift_outputs(next);
        const double found =
            objective_.value(next, penalty_.l2, next_gradient) + penalty_.l1 * absolute(next);
        // What a step near the minimum gains is lost in the value's rounding: then what it promises
        // must shrink.
        const bool rounded = std::abs(found - value) <= rounding * std::abs(value);
        if (found <= value + sufficient_decrease * share * promised ||
            (rounded && promised > promised_before)) {
          value = found;
          break;
        }
        if (rounded || halvings == halvings_max) return;
      }
      promised_before = promised;
      x.swap(next);
      gradient.swap(next_gradient);
      progress.advance(1);
    }
  }

 private:
  double absolute(const std::vector<double>& x) const {
    double sum = 0;
    for (size_t j = 0; j < x.size(); ++j)
      sum += int64_t(j) % objective_.shape().stride == 0 ? 0 : std::abs(x[j]);
    return sum;
  }

  // Classes' weights of one column may all move by the same: the loss stays, the penalty does not.
  void shift_outputs(std::vector<double>& x) const {
    const LinearShape& shape = objective_.shape();
    std::vector<double> values(static_cast<size_t>(shape.outputs));
    for (int64_t j = 1; j < shape.stride; ++j) {
      for (int64_t k = 0; k < shape.outputs; ++k)
        values[size_t(k)] = x[size_t(k * shape.stride + j)];
      const double shift = best_shift(penalty_, values);
      for (int64_t k = 0; k < shape.outputs; ++k) x[size_t(k * shape.stride + j)] -= shift;
    }
  }

  // What the value loses at first order by the whole step.
  double promise(const std::vector<double>& x, const std::vector<double>& gradient,
                 const std::vector<double>& step) const {
    double slope = 0;
    std::vector<double> next = x;
    for (size_t j = 0; j < x.size(); ++j) {
      slope += gradient[j] * step[j];
      next[j] += step[j];
    }
    return slope + penalty_.l1 * (absolute(next) - absolute(x));
  }

  std::vector<double> model_step(const std::vector<double>& x,
                                 const std::vector<double>& gradient) const {
    const LinearHessian hessian = objective_.hessian(x, LinearObjective::Bend::together);
    const int64_t stride = objective_.shape().stride;
    std::vector<double> step(x.size(), 0);
    for (size_t k = 0; k < hessian.outputs.size(); ++k) {
      const size_t at = k * size_t(stride);
      CoordinateDescent(hessian.outputs[k], objective_.plan(), penalty_, gradient.data() + at,
                        x.data() + at, step.data() + at, stride)
          .run(within * tolerance_);
    }
    return step;
  }

  const LinearObjective& objective_;
  const LinearPenalty penalty_;
  const double tolerance_;
};

}  // namespace

void descend_sparse(const LinearObjective& objective, const LinearPenalty& penalty,
                    double tolerance, int steps_max, Progress& progress, std::vector<double>& x) {
  ProximalNewton(objective, penalty, tolerance).run(steps_max, progress, x);
}

double l1_of_no_weights(const LinearObjective& objective, const std::vector<double>& start) {
  std::vector<double> gradient(start.size());
  objective.value(start, 0, gradient);
  double largest = 0;
  for (size_t j = 0; j < gradient.size(); ++j) {
    if (int64_t(j) % objective.shape().stride != 0)
      largest = std::max(largest, std::abs(gradient[j]));
  }
  return largest;
}

}  // namespace gristmill
