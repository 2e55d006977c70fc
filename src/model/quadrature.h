// Gauss-Legendre quadrature over [0, 1].
#pragma once

#include <vector>

namespace gristmill {

struct Quadrature {
  std::vector<double> points, weights;  // all in (0, 1); weights sum to 1
};

// Σ_q weights[q] f(points[q]) is ∫₀¹ f for polynomials f of degree below 2 · `count`. O(count²).
Quadrature gauss_legendre(int count);

}  // namespace gristmill
