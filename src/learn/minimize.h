// Smooth convex minimisation.
#pragma once

#include <functional>
#include <vector>

namespace gristmill {

struct MinimizeOptions {
  int iterations = 200;
  double gradient_tolerance = 1e-7;  // largest component of the gradient
  double value_tolerance = 1e-11;    // relative decrease in one step
};

// L-BFGS with ten corrections (Nocedal 1980) and a line search for the strong Wolfe conditions by
// bracketing and bisection. `value` fills the gradient and returns the function's value. `x` is the
// start and becomes the minimum. `each` is called after each step. Returns the steps made.
int minimize(
    const std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>& value,
    std::vector<double>& x, const MinimizeOptions& options, const std::function<void()>& each);

}  // namespace gristmill
