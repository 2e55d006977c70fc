// The few dense operations that the linear learner needs. Their bits do not depend on the machine's
// vector width: each element is computed alone.
#pragma once

#include <cstdint>
#include <vector>

namespace gristmill {

// to[j] += scale · from[j]; a NaN among floats counts as 0.
void add_scaled(double* to, const double* from, double scale, int64_t count);
void add_scaled(double* to, const float* from, double scale, int64_t count);

// A symmetric positive matrix as L·Lᵀ, to solve with. Pivots that rounding or a singular matrix
// has made too small are raised, so that the result stays usable as a preconditioner.
class Cholesky {
 public:
  Cholesky() = default;
  // Row-major, `size`²; the upper triangle is read. O(size³).
  Cholesky(std::vector<double> matrix, int64_t size);
  // In place. O(size²).
  void solve(double* x) const;

 private:
  int64_t size_ = 0;
  std::vector<double> factor_;  // upper triangle: U with Uᵀ·U = the matrix
};

}  // namespace gristmill
