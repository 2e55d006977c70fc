#include "learn/dense.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>

namespace gristmill {

void add_scaled(double* to, const double* from, double scale, int64_t count) {
  const __m256d scales = _mm256_set1_pd(scale);
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    const __m256d product = _mm256_mul_pd(scales, _mm256_loadu_pd(from + j));
    _mm256_storeu_pd(to + j, _mm256_add_pd(_mm256_loadu_pd(to + j), product));
  }
  for (; j < count; ++j) to[j] += scale * from[j];
}

void add_scaled(double* to, const float* from, double scale, int64_t count) {
  const __m256d scales = _mm256_set1_pd(scale);
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    __m128 floats = _mm_loadu_ps(from + j);
    floats = _mm_and_ps(floats, _mm_cmpord_ps(floats, floats));
    const __m256d product = _mm256_mul_pd(scales, _mm256_cvtps_pd(floats));
    _mm256_storeu_pd(to + j, _mm256_add_pd(_mm256_loadu_pd(to + j), product));
  }
  for (; j < count; ++j) to[j] += std::isnan(from[j]) ? 0 : scale * double(from[j]);
}

Cholesky::Cholesky(std::vector<double> matrix, int64_t size)
    : size_(size), factor_(std::move(matrix)) {
  double largest = 0;
  for (int64_t i = 0; i < size; ++i) largest = std::max(largest, factor_[i * size + i]);
  const double pivot_min = std::max(largest * 1e-12, 1e-300);
  for (int64_t i = 0; i < size; ++i) {
    double* row = factor_.data() + i * size;
    const double pivot = std::sqrt(std::max(row[i], pivot_min));
    row[i] = pivot;
    for (int64_t j = i + 1; j < size; ++j) row[j] /= pivot;
    for (int64_t k = i + 1; k < size; ++k) {
      if (row[k] != 0) add_scaled(factor_.data() + k * size + k, row + k, -row[k], size - k);
    }
  }
}

void Cholesky::solve(double* x) const {
  for (int64_t i = 0; i < size_; ++i) {
    x[i] /= factor_[i * size_ + i];
    add_scaled(x + i + 1, factor_.data() + i * size_ + i + 1, -x[i], size_ - i - 1);
  }
  for (int64_t i = size_; i-- > 0;) {
    double sum = x[i];
    for (int64_t j = i + 1; j < size_; ++j) sum -= factor_[i * size_ + j] * x[j];
    x[i] = sum / factor_[i * size_ + i];
  }
}

}  // namespace gristmill
