#include "sketch/moments.h"

#include <algorithm>
#include <cmath>

#include "sketch/values.h"

namespace gristmill {
namespace {

// Values gathered for one block are summed in cache, twice: mean first, then distances from it.
constexpr int64_t block_size = 1024;
constexpr int lanes = 8;  // independent sums, which the compiler keeps in vector registers

template <class Term>
double sum(int64_t n, Term&& term) {
  double part[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (int lane = 0; lane < lanes; ++lane) part[lane] += term(i + lane);
  }
  for (; i < n; ++i) part[i % lanes] += term(i);
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

Moments of_block(const double* values, int64_t n) {
  Moments block;
  block.count = n;
  // Sums start from the first value: a constant has exactly no variance.
  const double first = values[0];
  block.mean = first + sum(n, [&](int64_t i) { return values[i] - first; }) / double(n);
  block.squares = sum(n, [&, mean = block.mean](int64_t i) {
    double distance = values[i] - mean;
    return distance * distance;
  });
  for (int64_t i = 0; i < n; ++i) {
    block.min = std::min(block.min, values[i]);
    block.max = std::max(block.max, values[i]);
  }
  return block;
}

}  // namespace

void Moments::observe(const Column& column) {
  Moments chunk;
  chunk.nulls = column.null_count();
  double values[block_size];
  int64_t n = 0;
  for_numbers(column, [&](double value) {
    if (!std::isfinite(value)) {
      ++chunk.not_finite;
      return;
    }
    values[n++] = value + 0.0;  // -0.0 becomes 0.0
    if (n == block_size) {
      chunk.merge(of_block(values, n));
      n = 0;
    }
  });
  if (n > 0) chunk.merge(of_block(values, n));
  merge(chunk);
}

// Chan, Golub, LeVeque 1979.
void Moments::merge(const Moments& later) {
  nulls += later.nulls;
  not_finite += later.not_finite;
  if (later.count == 0) return;
  if (count == 0) {
    mean = later.mean;
    squares = later.squares;
  } else {
    double total = double(count) + double(later.count);
    double delta = later.mean - mean;
    mean += delta * (double(later.count) / total);
    squares += later.squares + delta * delta * (double(count) * double(later.count) / total);
  }
  count += later.count;
  min = std::min(min, later.min);
  max = std::max(max, later.max);
}

double Moments::deviation() const { return std::sqrt(variance()); }

}  // namespace gristmill
