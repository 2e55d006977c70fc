#include "feature/symmetric.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gristmill {
namespace {

// Rotates rows p and q of a row-major matrix with rows of n.
void rotate_rows(double* matrix, int64_t n, int64_t p, int64_t q, double c, double s) {
  double *a = matrix + p * n, *b = matrix + q * n;
  for (int64_t k = 0; k < n; ++k) {
    const double x = a[k], y = b[k];
    a[k] = c * x - s * y;
    b[k] = s * x + c * y;
  }
}

void rotate_columns(double* matrix, int64_t n, int64_t p, int64_t q, double c, double s) {
  for (int64_t k = 0; k < n; ++k) {
    double* row = matrix + k * n;
    const double x = row[p], y = row[q];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
}

// One visit of each pair; false: nothing was left to do.
bool sweep(std::vector<double>& matrix, std::vector<double>& vectors, int64_t n, double small) {
  bool rotated = false;
  for (int64_t p = 0; p < n; ++p) {
    for (int64_t q = p + 1; q < n; ++q) {
      const double off = matrix[size_t(p * n + q)];
      if (std::abs(off) <= small) continue;
      rotated = true;
      const double theta = (matrix[size_t(q * n + q)] - matrix[size_t(p * n + p)]) / (2 * off);
      const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
      const double c = 1 / std::sqrt(t * t + 1), s = t * c;
      rotate_rows(matrix.data(), n, p, q, c, s);
      rotate_columns(matrix.data(), n, p, q, c, s);
      rotate_rows(vectors.data(), n, p, q, c, s);
    }
  }
  return rotated;
}

}  // namespace

Eigen eigen_of_symmetric(std::vector<double> matrix, int64_t n) {
  constexpr int most_sweeps = 60;
  std::vector<double> vectors(size_t(n * n));
  double trace = 0;
  for (int64_t i = 0; i < n; ++i) {
    vectors[size_t(i * n + i)] = 1;
    trace += std::abs(matrix[size_t(i * n + i)]);
  }
  for (int k = 0; k < most_sweeps && sweep(matrix, vectors, n, 1e-15 * trace); ++k) {
  }
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return matrix[size_t(a * n + a)] > matrix[size_t(b * n + b)];
  });
  Eigen eigen;
  for (int64_t i : order) {
    eigen.values.push_back(matrix[size_t(i * n + i)]);
    eigen.vectors.insert(eigen.vectors.end(), vectors.begin() + i * n,
                         vectors.begin() + (i + 1) * n);
  }
  return eigen;
}

void orthonormalize(std::vector<double>& matrix, int64_t rows, int64_t width) {
  constexpr double dependent = 1e-10;
  std::vector<double> columns(matrix.size());  // one after the other
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < width; ++j)
      columns[size_t(j * rows + i)] = matrix[size_t(i * width + j)];
  auto dot = [rows](const double* a, const double* b) {
    return std::inner_product(a, a + rows, b, 0.0);
  };
  for (int64_t j = 0; j < width; ++j) {
    double* column = columns.data() + j * rows;
    const double before = std::sqrt(dot(column, column));
    for (int twice = 0; twice < 2; ++twice) {
      for (int64_t k = 0; k < j; ++k) {
        const double* other = columns.data() + k * rows;
        const double along = dot(column, other);
        for (int64_t i = 0; i < rows; ++i) column[i] -= along * other[i];
      }
    }
    const double length = std::sqrt(dot(column, column));
    const double factor = length > dependent * before ? 1 / length : 0;
    for (int64_t i = 0; i < rows; ++i) column[i] *= factor;
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < width; ++j)
      matrix[size_t(i * width + j)] = columns[size_t(j * rows + i)];
}

}  // namespace gristmill
