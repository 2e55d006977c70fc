// Smooth convex minimisation.
#pragma once

#include <functional>
#include <vector>

namespace gristmill {

struct Minimum {
  double value = 0;
  int steps = 0;
  bool converged = false;
};

struct MinimizeProblem {
  using Vector = std::vector<double>;
  // Fills the gradient at x and returns the value.
  std::function<double(const Vector& x, Vector& gradient)> value;
  // In place: about H⁻¹ · gradient, H the Hessian near the start. Positive definite.
  std::function<void(Vector& gradient)> precondition;
  std::function<void()> after_step;
};

// L-BFGS with ten corrections (Nocedal 1980), the preconditioner as its first matrix, and a line
// search for the weak Wolfe conditions by bracketing and bisection. `x` is the start and becomes
// the minimum. Converged when gradientᵀ · H⁻¹ · gradient, about twice the distance to the least
// value, is at most `tolerance`, or rounding allows no further decrease.
Minimum minimize(const MinimizeProblem& problem, std::vector<double>& x, double tolerance,
                 int steps_max);

}  // namespace gristmill
