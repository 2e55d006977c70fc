// Area under the ROC curve as the probability that a positive is ranked above a negative, ties half
// (Hanley and McNeil 1982).
#include <bit>
#include <cmath>
#include <limits>

#include "learn/metrics.h"

namespace gristmill {
namespace {

struct Ranked {
  uint64_t rank;  // orders as the prediction does
  double positive, negative;
};

// Doubles in the order of their ranks: flips all bits of negatives, the sign of the others.
uint64_t rank_of(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value + 0.0);  // −0 → 0
  return bits >> 63 ? ~bits : bits | uint64_t(1) << 63;
}

// Radix sort, eleven bits at a time; what all ranks share is passed over. Stable, O(n).
void sort_by_rank(std::vector<Ranked>& rows) {
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

double auc(const Scored& s) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  if (s.rows == 0) return undefined;
  std::vector<Ranked> rows(static_cast<size_t>(s.rows));
  for (int64_t i = 0; i < s.rows; ++i) {
    if (std::isnan(s.predicted[i])) return undefined;
    const double w = s.weight == nullptr ? 1 : s.weight[i];
    const bool positive = s.target[i] == 1;
    rows[size_t(i)] = {rank_of(s.predicted[i]), positive ? w : 0, positive ? 0 : w};
  }
  sort_by_rank(rows);
  double negatives_below = 0, positives = 0, pairs = 0;
  for (size_t i = 0; i < rows.size();) {
    const uint64_t rank = rows[i].rank;
    double tied_positive = 0, tied_negative = 0;
    for (; i < rows.size() && rows[i].rank == rank; ++i) {
      tied_positive += rows[i].positive;
      tied_negative += rows[i].negative;
    }
    pairs += tied_positive * (negatives_below + tied_negative / 2);
    positives += tied_positive;
    negatives_below += tied_negative;
  }
  return positives > 0 && negatives_below > 0 ? pairs / (positives * negatives_below) : undefined;
}

const RegisterMetric registration(
    {"auc", "Area under the ROC curve", true, {Problem::binary}, auc});

}  // namespace
}  // namespace gristmill
