// The directions in which texts differ most: a truncated SVD of their term weights, randomized
// (Halko, Martinsson and Tropp 2011), in passes over the texts and without keeping any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "feature/term_weights.h"

namespace gristmill {

// terms × width doubles, row-major.
struct TermMatrix {
  int64_t terms = 0, width = 0;
  std::vector<double> values;

  TermMatrix() = default;
  TermMatrix(int64_t terms, int64_t width)
      : terms(terms), width(width), values(size_t(terms * width)) {}
  double* row(int64_t term) { return values.data() + term * width; }
  const double* row(int64_t term) const { return values.data() + term * width; }
};

// out[j] = Σ weight · matrix[term][j].
void project(const TermMatrix& matrix, std::span<const TermWeight> text, double* out);

// Finds them. With A the texts' weights, each pass multiplies a basis by AᵀA; it is then made
// orthonormal, and turns towards the directions of the largest singular values.
class TermSpaceFit {
 public:
  TermSpaceFit(int64_t terms, int64_t components);

  // Of one chunk.
  class Sums {
   public:
    explicit Sums(std::shared_ptr<const TermMatrix> basis);
    void add(std::span<const TermWeight> text);

   private:
    friend class TermSpaceFit;
    std::shared_ptr<const TermMatrix> basis_;
    TermMatrix product_;
    std::vector<double> total_, projected_;
    int64_t texts_ = 0;
  };
  // Another thread may ask while this one merges.
  Sums chunk() const { return Sums(basis_); }
  void merge(const Sums& chunk);  // in the order of chunks
  bool next_pass();               // true: see the texts once more

  // After the last pass: the directions, by falling singular value; the largest weight of each is
  // positive. Less than asked for where texts have not as many.
  const TermMatrix& directions() const { return directions_; }
  // Of the texts along each: their mean and standard deviation.
  const std::vector<double>& means() const { return means_; }
  const std::vector<double>& deviations() const { return deviations_; }

 private:
  void finish();

  int64_t components_;
  int passes_left_;
  std::shared_ptr<const TermMatrix> basis_;
  Sums sums_;
  TermMatrix directions_;
  std::vector<double> means_, deviations_;
};

}  // namespace gristmill
