#include "feature/target_sums.h"

#include <algorithm>
#include <cmath>

#include "feature/levels.h"

namespace gristmill {
namespace {

constexpr int64_t all_rows =
    LevelTable::first_code - 1;  // the code that has no encoding of its own

}  // namespace

double TargetSums::Sums::squares() const { return std::max(0.0, second - first * first / weight); }

TargetSums::TargetSums(const TargetInfo& target)
    : problem_(target.problem), outputs_(std::max<int64_t>(1, target.outputs())) {}

void TargetSums::add(int32_t code, int fold, double target, double weight) {
  if (!any_ && problem_ == Problem::regression) origin_ = target;
  any_ = true;
  add_to(all_rows, fold, target, weight);
  if (code != all_rows) add_to(code, fold, target, weight);
}

void TargetSums::add_to(int64_t code, int fold, double target, double weight) {
  const size_t cell = size_t(code * folds + fold);
  if (cell >= weights_.size()) {
    const size_t cells = size_t((code + 1) * folds);
    weights_.resize(cells);
    firsts_.resize(cells * size_t(outputs_));
    if (problem_ == Problem::regression) seconds_.resize(cells);
  }
  weights_[cell] += weight;
  switch (problem_) {
    case Problem::regression: {
      const double distance = target - origin_;
      firsts_[cell] += weight * distance;
      seconds_[cell] += weight * distance * distance;
      break;
    }
    case Problem::binary:
      firsts_[cell] += weight * target;
      break;
    case Problem::multiclass:
      firsts_[cell * size_t(outputs_) + size_t(target)] += weight;
  }
}

TargetSums::Sums TargetSums::sums(int64_t code, int64_t output, int without_fold) const {
  Sums out;
  for (int64_t fold = 0; fold < folds; ++fold) {
    const size_t cell = size_t(code * folds + fold);
    if (fold == without_fold || cell >= weights_.size()) continue;
    const double first = firsts_[cell * size_t(outputs_) + size_t(output)];
    out.weight += weights_[cell];
    out.first += first;
    out.second += problem_ == Problem::regression ? seconds_[cell] : first;
  }
  return out;
}

std::vector<double> TargetSums::encodings(int64_t codes, std::optional<double> smooth,
                                          int without_fold) const {
  std::vector<double> out(size_t(codes * outputs_));
  for (int64_t k = 0; k < outputs_; ++k) {
    Sums all = sums(all_rows, k, without_fold);
    // All rows are of one fold: what they tell is the same for each of them.
    if (!(all.weight > 0)) all = sums(all_rows, k, -1);
    const double prior = all.weight > 0 ? all.mean() : 0;
    const double variance = all.weight > 0 ? all.squares() / all.weight : 0;
    for (int64_t code = 0; code < codes; ++code) {
      const Sums level = code == all_rows ? Sums() : sums(code, k, without_fold);
      double encoding = prior;
      if (level.weight > 0) {
        const double m = smooth ? *smooth : level.squares() / level.weight / variance;
        const double share = std::isinf(m) ? 0 : level.weight / (level.weight + m);
        if (!std::isnan(share)) encoding = share * level.mean() + (1 - share) * prior;
      }
      out[size_t(code * outputs_ + k)] = encoding + origin_;
    }
  }
  return out;
}

}  // namespace gristmill
