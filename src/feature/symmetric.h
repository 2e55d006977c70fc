// Small dense linear algebra.
#pragma once

#include <cstdint>
#include <vector>

namespace gristmill {

// Eigenvalues of a symmetric n × n matrix, falling, and their vectors: row k of `vectors`.
struct Eigen {
  std::vector<double> values, vectors;
};
// By Jacobi's rotations. O(n³).
Eigen eigen_of_symmetric(std::vector<double> matrix, int64_t n);

// Makes the columns of a row-major rows × width matrix orthonormal; one that depends on those
// before it becomes 0. O(rows · width²).
void orthonormalize(std::vector<double>& matrix, int64_t rows, int64_t width);

}  // namespace gristmill
