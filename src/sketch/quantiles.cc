#include "sketch/quantiles.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "sketch/hash.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

constexpr int64_t smallest_capacity = 8;

uint64_t bits_of(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return bits;
}

}  // namespace

Quantiles::Quantiles(int64_t k) : k_(std::max(k, smallest_capacity)) {}

// The top level holds k values, each level below two thirds of the one above it.
int64_t Quantiles::capacity(size_t level) const {
  double share = std::pow(2.0 / 3.0, double(levels_.size() - 1 - level));
  return std::max(smallest_capacity, int64_t(std::ceil(double(k_) * share)));
}

void Quantiles::observe(std::span<const double> values) {
  Quantiles chunk(k_);
  chunk.levels_[0].reserve(values.size());
  for (double value : values) {
    if (!std::isnan(value)) chunk.levels_[0].push_back(value + 0.0);
  }
  chunk.count_ = int64_t(chunk.levels_[0].size());
  chunk.compress();
  merge(chunk);
}

void Quantiles::observe(const Column& column) {
  std::vector<double> values;
  values.reserve(size_t(column.length));
  for_numbers(column, [&](double value) { values.push_back(value); });
  observe(std::span<const double>(values));
}

void Quantiles::merge(const Quantiles& later) {
  if (k_ != later.k_) throw Error(Code::internal, "quantile sketches of different size merged");
  if (later.count_ == 0) return;
  if (count_ == 0) {
    *this = later;
    return;
  }
  if (levels_.size() < later.levels_.size()) levels_.resize(later.levels_.size());
  for (size_t l = 0; l < later.levels_.size(); ++l)
    levels_[l].insert(levels_[l].end(), later.levels_[l].begin(), later.levels_[l].end());
  count_ += later.count_;
  compress();
}

void Quantiles::compress() {
  for (;;) {
    size_t held = 0, room = 0;
    for (size_t l = 0; l < levels_.size(); ++l) {
      held += levels_[l].size();
      room += size_t(capacity(l));
    }
    if (held <= room) return;
    size_t level = 0;
    while (int64_t(levels_[level].size()) <= capacity(level)) ++level;
    compact(level);
  }
}

// Every other value of a sorted level moves up, where it stands for both.
void Quantiles::compact(size_t level) {
  if (level + 1 == levels_.size()) levels_.emplace_back();
  std::vector<double>& from = levels_[level];
  std::sort(from.begin(), from.end());
  size_t odd = from.size() % 2;  // the first one stays
  uint64_t coin = combine64(level, from.size());
  for (size_t i : {odd, from.size() / 2, from.size() - 1}) coin = combine64(coin, bits_of(from[i]));
  for (size_t i = odd + (coin >> 63); i < from.size(); i += 2)
    levels_[level + 1].push_back(from[i]);
  from.resize(odd);
}

std::vector<Quantiles::Weighted> Quantiles::sorted() const {
  std::vector<Weighted> all;
  for (size_t l = 0; l < levels_.size(); ++l) {
    for (double value : levels_[l]) all.push_back({value, int64_t(1) << l});
  }
  std::sort(all.begin(), all.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  return all;
}

std::vector<double> Quantiles::quantiles(std::span<const double> shares) const {
  std::vector<double> answers(shares.size(), std::numeric_limits<double>::quiet_NaN());
  if (count_ == 0) return answers;
  std::vector<Weighted> all = sorted();
  int64_t before = 0;
  for (Weighted& w : all) w.weight = before += w.weight;  // values up to and with this one
  auto value_at = [&](int64_t position) {
    auto it = std::upper_bound(all.begin(), all.end(), position,
                               [](int64_t p, const Weighted& w) { return p < w.weight; });
    return it == all.end() ? all.back().value : it->value;
  };
  for (size_t i = 0; i < shares.size(); ++i) {
    double position = std::clamp(shares[i], 0.0, 1.0) * double(count_ - 1);
    auto lower = int64_t(position);
    double part = position - double(lower);
    double a = value_at(lower), b = value_at(std::min(lower + 1, count_ - 1));
    answers[i] = part == 0 || a == b ? a : a + (b - a) * part;
  }
  return answers;
}

double Quantiles::quantile(double share) const { return quantiles({&share, 1})[0]; }

}  // namespace gristmill
