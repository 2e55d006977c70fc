#include "learn/minimize.h"

#include <cmath>
#include <deque>

namespace gristmill {
namespace {

constexpr size_t history = 10;
constexpr double sufficient_decrease = 1e-4, curvature = 0.9;
constexpr int line_search_steps = 30;

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double largest(const Vector& a) {
  double most = 0;
  for (const double value : a) most = std::max(most, std::abs(value));
  return most;
}

struct Correction {
  Vector s, y;
  double rho;
};

// The two-loop recursion: direction = −H·gradient.
Vector direction_of(const Vector& gradient, const std::deque<Correction>& corrections) {
  Vector q = gradient;
  std::vector<double> alpha(corrections.size());
  for (size_t i = corrections.size(); i-- > 0;) {
    alpha[i] = corrections[i].rho * dot(corrections[i].s, q);
    for (size_t j = 0; j < q.size(); ++j) q[j] -= alpha[i] * corrections[i].y[j];
  }
  if (!corrections.empty()) {
    const Correction& last = corrections.back();
    const double scale = dot(last.s, last.y) / dot(last.y, last.y);
    for (double& value : q) value *= scale;
  }
  for (size_t i = 0; i < corrections.size(); ++i) {
    const double beta = corrections[i].rho * dot(corrections[i].y, q);
    for (size_t j = 0; j < q.size(); ++j) q[j] += (alpha[i] - beta) * corrections[i].s[j];
  }
  for (double& value : q) value = -value;
  return q;
}

}  // namespace

int minimize(const std::function<double(const Vector&, Vector&)>& value, Vector& x,
             const MinimizeOptions& options, const std::function<void()>& each) {
  Vector gradient(x.size()), next(x.size()), next_gradient(x.size());
  double now = value(x, gradient);
  std::deque<Correction> corrections;
  int steps = 0;
  for (; steps < options.iterations && largest(gradient) > options.gradient_tolerance; ++steps) {
    Vector direction = direction_of(gradient, corrections);
    double slope = dot(direction, gradient);
    if (slope >= 0) {  // rounding has spoilt the corrections
      corrections.clear();
      direction = direction_of(gradient, corrections);
      slope = dot(direction, gradient);
    }
    double low = 0, high = INFINITY,
           step = corrections.empty() ? std::min(1.0, 1 / largest(gradient)) : 1.0;
    double then = now;
    bool found = false;
    for (int tries = 0; tries < line_search_steps; ++tries) {
      for (size_t j = 0; j < x.size(); ++j) next[j] = x[j] + step * direction[j];
      then = value(next, next_gradient);
      if (!(then <= now + sufficient_decrease * step * slope)) {
        high = step;
      } else if (dot(direction, next_gradient) < curvature * slope) {
        low = step;
        found = true;  // good enough to keep, if nothing better comes
      } else {
        found = true;
        break;
      }
      step = std::isinf(high) ? 2 * low : (low + high) / 2;
    }
    if (!found || !(then <= now)) break;
    Correction correction{Vector(x.size()), Vector(x.size()), 0};
    for (size_t j = 0; j < x.size(); ++j) {
      correction.s[j] = next[j] - x[j];
      correction.y[j] = next_gradient[j] - gradient[j];
    }
    const double bend = dot(correction.s, correction.y);
    if (bend > 1e-300) {
      correction.rho = 1 / bend;
      corrections.push_back(std::move(correction));
      if (corrections.size() > history) corrections.pop_front();
    }
    const double decrease = now - then;
    std::swap(x, next);
    std::swap(gradient, next_gradient);
    now = then;
    each();
    if (decrease <= options.value_tolerance * std::max(1.0, std::abs(now))) {
      ++steps;
      break;
    }
  }
  return steps;
}

}  // namespace gristmill
