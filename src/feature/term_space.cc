#include "feature/term_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "feature/symmetric.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t more_than_asked = 10;  // directions tried
constexpr int passes = 4;
constexpr double negligible = 1e-12;  // of the largest squared singular value
constexpr double constant = 1e-9;     // of a square, relative: a variance of nothing

// Nearly normal: twelve equal chances, by place.
double chance(uint64_t place) {
  double sum = -6;
  for (uint64_t k = 0; k < 12; ++k) sum += double(mix64(place * 12 + k + 1) >> 11) * 0x1p-53;
  return sum;
}

// Chance directions; where they would be all there are, those of the terms.
TermMatrix start(int64_t terms, int64_t components) {
  TermMatrix basis(terms, std::min(terms, components + more_than_asked));
  if (basis.width == terms) {
    for (int64_t i = 0; i < terms; ++i) basis.row(i)[i] = 1;
    return basis;
  }
  for (size_t i = 0; i < basis.values.size(); ++i) basis.values[i] = chance(i);
  orthonormalize(basis.values, terms, basis.width);
  return basis;
}

void add(const std::vector<double>& from, std::vector<double>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

// basisᵀ · product, symmetric but for rounding.
std::vector<double> gram(const TermMatrix& basis, const TermMatrix& product) {
  const int64_t n = basis.width;
  std::vector<double> out(size_t(n * n));
  for (int64_t t = 0; t < basis.terms; ++t)
    for (int64_t a = 0; a < n; ++a)
      for (int64_t b = a; b < n; ++b) out[size_t(a * n + b)] += basis.row(t)[a] * product.row(t)[b];
  for (int64_t a = 0; a < n; ++a)
    for (int64_t b = 0; b < a; ++b) out[size_t(a * n + b)] = out[size_t(b * n + a)];
  return out;
}

}  // namespace

void project(const TermMatrix& matrix, std::span<const TermWeight> text, double* out) {
  std::fill_n(out, matrix.width, 0.0);
  for (const TermWeight& one : text) {
    const double* row = matrix.row(one.term);
    for (int64_t j = 0; j < matrix.width; ++j) out[j] += one.weight * row[j];
  }
}

TermSpaceFit::Sums::Sums(std::shared_ptr<const TermMatrix> basis)
    : basis_(std::move(basis)),
      product_(basis_->terms, basis_->width),
      total_(size_t(basis_->terms)),
      projected_(size_t(basis_->width)) {}

void TermSpaceFit::Sums::add(std::span<const TermWeight> text) {
  ++texts_;
  project(*basis_, text, projected_.data());
  for (const TermWeight& one : text) {
    total_[size_t(one.term)] += one.weight;
    double* row = product_.row(one.term);
    for (int64_t j = 0; j < product_.width; ++j) row[j] += one.weight * projected_[size_t(j)];
  }
}

TermSpaceFit::TermSpaceFit(int64_t terms, int64_t components)
    : components_(components),
      basis_(std::make_shared<const TermMatrix>(start(terms, components))),
      sums_(basis_) {
  passes_left_ = basis_->width == terms ? 1 : passes;
}

void TermSpaceFit::merge(const Sums& chunk) {
  add(chunk.product_.values, sums_.product_.values);
  add(chunk.total_, sums_.total_);
  sums_.texts_ += chunk.texts_;
}

bool TermSpaceFit::next_pass() {
  if (--passes_left_ == 0) {
    finish();
    return false;
  }
  TermMatrix next = std::move(sums_.product_);
  orthonormalize(next.values, next.terms, next.width);
  basis_ = std::make_shared<const TermMatrix>(std::move(next));
  sums_ = Sums(basis_);
  return true;
}

// The best directions within the basis (Rayleigh and Ritz).
void TermSpaceFit::finish() {
  const TermMatrix& basis = *basis_;
  const Eigen eigen = eigen_of_symmetric(gram(basis, sums_.product_), basis.width);
  int64_t kept = 0;
  while (kept < std::min(components_, basis.width) &&
         eigen.values[size_t(kept)] > negligible * eigen.values[0])
    ++kept;
  directions_ = TermMatrix(basis.terms, kept);
  for (int64_t k = 0; k < kept; ++k) {
    const double* turn = eigen.vectors.data() + k * basis.width;
    double largest = 0, total = 0;
    for (int64_t t = 0; t < basis.terms; ++t) {
      const double weight = std::inner_product(turn, turn + basis.width, basis.row(t), 0.0);
      directions_.row(t)[k] = weight;
      if (std::abs(weight) > std::abs(largest)) largest = weight;
      total += weight * sums_.total_[size_t(t)];
    }
    const double sign = largest < 0 ? -1 : 1;
    for (int64_t t = 0; t < basis.terms; ++t) directions_.row(t)[k] *= sign;
    const auto texts = double(sums_.texts_);
    means_.push_back(sign * total / texts);
    // Of a direction in which all texts are alike, only rounding is left of it.
    const double square = eigen.values[size_t(k)] / texts;
    const double variance = square - means_.back() * means_.back();
    deviations_.push_back(variance > constant * square ? std::sqrt(variance) : 0);
  }
  sums_ = Sums(basis_);
}

}  // namespace gristmill
