// Area under the ROC curve as the probability that a positive is ranked above a negative, ties half
// (Hanley and McNeil 1982).
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "learn/metrics.h"

namespace gristmill {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

struct Ranked {
  uint64_t rank;  // orders as the prediction does
  uint64_t row : 63;
  uint64_t positive : 1;
};

// Doubles in the order of their ranks: flips all bits of negatives, the sign of the others.
uint64_t rank_of(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value + 0.0);  // −0 → 0
  return bits >> 63 ? ~bits : bits | uint64_t(1) << 63;
}

// Radix sort, eleven bits at a time; what all ranks share is passed over. Stable, O(n).
void sort_by_rank(std::vector<Ranked>& rows) {
  constexpr size_t few = 4096;  // whose digits cost more to count than they save
  if (rows.size() < few) {
    std::sort(rows.begin(), rows.end(), [](const Ranked& a, const Ranked& b) {
      return a.rank != b.rank ? a.rank < b.rank : a.row < b.row;
    });
    return;
  }
  constexpr int digit_bits = 11;
  constexpr size_t digits = size_t(1) << digit_bits;
  std::vector<Ranked> other(rows.size());
  for (int shift = 0; shift < 64; shift += digit_bits) {
    std::vector<size_t> begin(digits + 1);
    for (const Ranked& row : rows) ++begin[(row.rank >> shift) % digits + 1];
    if (begin[(rows[0].rank >> shift) % digits + 1] == rows.size()) continue;
    for (size_t d = 1; d < digits; ++d) begin[d] += begin[d - 1];
    for (const Ranked& row : rows) other[begin[(row.rank >> shift) % digits]++] = row;
    std::swap(rows, other);
  }
}

double area(const std::vector<Ranked>& rows, const double* weight) {
  double negatives_below = 0, positives = 0, pairs = 0;
  for (size_t i = 0; i < rows.size();) {
    const uint64_t rank = rows[i].rank;
    double tied[2] = {0, 0};  // negative, positive
    for (; i < rows.size() && rows[i].rank == rank; ++i)
      tied[rows[i].positive] += weight == nullptr ? 1 : weight[rows[i].row];
    pairs += tied[1] * (negatives_below + tied[0] / 2);
    positives += tied[1];
    negatives_below += tied[0];
  }
  return positives > 0 && negatives_below > 0 ? pairs / (positives * negatives_below) : undefined;
}

Scoring auc(const Scored& s) {
  std::vector<Ranked> rows(static_cast<size_t>(s.rows));
  for (int64_t i = 0; i < s.rows; ++i) {
    if (std::isnan(s.predicted[i])) return [](const double*) { return undefined; };
    rows[size_t(i)] = {rank_of(s.predicted[i]), uint64_t(i), s.target[i] == 1};
  }
  sort_by_rank(rows);
  return [rows = std::move(rows)](const double* weight) { return area(rows, weight); };
}

const RegisterMetric registration(
    {"auc", "Area under the ROC curve", true, {Problem::binary}, auc});

}  // namespace
}  // namespace gristmill
