#include "learn/minimize.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace gristmill {
namespace {

constexpr size_t history = 10;
constexpr double sufficient_decrease = 1e-4, curvature = 0.9;
constexpr int line_search_steps = 30;
constexpr double rounding = 1e-15;  // of a value, relative

using Vector = MinimizeProblem::Vector;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

struct Correction {
  Vector s, y;
  double rho;
};

struct Point {
  Vector x, gradient;
  double value = 0;
};

class Lbfgs {
 public:
  Lbfgs(const MinimizeProblem& problem, Vector& x) : problem_(problem) {
    now_.x = x;
    now_.gradient.resize(x.size());
    now_.value = problem.value(now_.x, now_.gradient);
    next_ = now_;
  }

  Minimum run(Vector& x, double tolerance, int steps_max) {
    Minimum result;
    for (;; ++result.steps) {
      Vector step = now_.gradient;
      problem_.precondition(step);
      result.converged = dot(step, now_.gradient) <= tolerance;
      if (result.converged || result.steps == steps_max) break;
      if (!advance()) {
        result.converged = true;
        break;
      }
      if (problem_.after_step) problem_.after_step();
    }
    result.value = now_.value;
    x = std::move(now_.x);
    return result;
  }

 private:
  // The two-loop recursion: −H⁻¹ · gradient.
  Vector direction() const {
    Vector q = now_.gradient;
    std::vector<double> alpha(corrections_.size());
    for (size_t i = corrections_.size(); i-- > 0;) {
      const Correction& c = corrections_[i];
      alpha[i] = c.rho * dot(c.s, q);
      for (size_t j = 0; j < q.size(); ++j) q[j] -= alpha[i] * c.y[j];
    }
    problem_.precondition(q);
    for (size_t i = 0; i < corrections_.size(); ++i) {
      const Correction& c = corrections_[i];
      const double beta = c.rho * dot(c.y, q);
      for (size_t j = 0; j < q.size(); ++j) q[j] += (alpha[i] - beta) * c.s[j];
    }
    for (double& value : q) value = -value;
    return q;
  }

  // One step; false when no step makes the value smaller.
  bool advance() {
    Vector to = direction();
    if (dot(to, now_.gradient) >= 0) {  // rounding has spoilt the corrections
      corrections_.clear();
      to = direction();
    }
    if (!search(to)) return false;
    Correction c{Vector(to.size()), Vector(to.size()), 0};
    for (size_t j = 0; j < to.size(); ++j) {
      c.s[j] = next_.x[j] - now_.x[j];
      c.y[j] = next_.gradient[j] - now_.gradient[j];
    }
    const double bend = dot(c.s, c.y);
    if (bend > 1e-12 * std::sqrt(dot(c.s, c.s) * dot(c.y, c.y))) {
      c.rho = 1 / bend;
      corrections_.push_back(std::move(c));
      if (corrections_.size() > history) corrections_.pop_front();
    }
    std::swap(now_, next_);
    return true;
  }

  // Finds next_ on the line from now_; false when the value does not decrease.
  bool search(const Vector& to) {
    const double slope = dot(to, now_.gradient);
    double low = 0, high = std::numeric_limits<double>::infinity(), step = 1;
    for (int tries = 0; tries < line_search_steps; ++tries) {
      for (size_t j = 0; j < to.size(); ++j) next_.x[j] = now_.x[j] + step * to[j];
      next_.value = problem_.value(next_.x, next_.gradient);
      if (!(next_.value <= now_.value + sufficient_decrease * step * slope)) {
        // What a step near the minimum gains is lost in the value's rounding: ask the slope.
        if (std::abs(next_.value - now_.value) <= rounding * std::abs(now_.value) &&
            std::abs(dot(to, next_.gradient)) < curvature * std::abs(slope)) {
          return true;
        }
        high = step;
      } else if (dot(to, next_.gradient) < curvature * slope) {
        low = step;
      } else {
        return true;
      }
      step = std::isinf(high) ? 2 * low : (low + high) / 2;
    }
    return next_.value < now_.value;
  }

  const MinimizeProblem& problem_;
  Point now_, next_;
  std::deque<Correction> corrections_;
};

}  // namespace

Minimum minimize(const MinimizeProblem& problem, Vector& x, double tolerance, int steps_max) {
  return Lbfgs(problem, x).run(x, tolerance, steps_max);
}

}  // namespace gristmill
