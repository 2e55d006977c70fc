#include "model/quadrature.h"

#include <cmath>
#include <numbers>

namespace gristmill {
namespace {

struct Legendre {
  long double value, derivative;
};

// P_n at x, by its three-term recurrence.
Legendre legendre(int n, long double x) {
  long double before = 1, value = x;
  for (int k = 2; k <= n; ++k) {
    long double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
    before = value;
    value = next;
  }
  return {value, n * (x * value - before) / (x * x - 1)};
}

}  // namespace

Quadrature gauss_legendre(int count) {
  Quadrature result;
  for (int i = 0; i < count; ++i) {
    // Newton's steps from Tricomi's estimate of the root.
    long double x = -std::cos(std::numbers::pi_v<long double> * (i + 0.75L) / (count + 0.5L));
    for (int step = 0; step < 8; ++step) {
      Legendre at = legendre(count, x);
      x -= at.value / at.derivative;
    }
    long double slope = legendre(count, x).derivative;
    result.points.push_back(double((1 + x) / 2));
    result.weights.push_back(double(1 / ((1 - x * x) * slope * slope)));
  }
  return result;
}

}  // namespace gristmill
