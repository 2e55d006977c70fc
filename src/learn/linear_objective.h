// What the linear learner minimises: the summed loss over training rows and half of `l2` times the
// squared weights, and its Hessian as a preconditioner. Rows stream from the mapped data set in
// chunks; chunks are summed in their order, so that no bit depends on the threads.
#pragma once

#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "learn/dense.h"
#include "tensor/dataset.h"

namespace gristmill {

// Parameters lie as [output][bias, floats, levels].
struct LinearShape {
  LinearShape(const FeatureLayout& layout, int64_t outputs);
  int64_t size() const { return outputs * stride; }

  int64_t outputs, floats, codes, levels, stride;
  std::vector<int64_t> level_at;  // [codes + 1]: where each code column starts among the levels
};

// The part of an output's Hessian that is kept, as columns of [bias, floats, levels]: all products
// within `dense` (bias, floats, and the levels of categories while they are few); the products of
// one large category's levels with those; of what remains, the squares.
struct HessianPlan {
  explicit HessianPlan(const LinearShape& shape);

  enum class Part : uint8_t { dense, border, diagonal };
  std::vector<Part> part_of;       // of each code column
  std::vector<int64_t> at;         // of each code column: its first level within its part
  std::vector<int64_t> dense;      // columns
  int64_t border = 0, levels = 0;  // first column and number of the large category's levels
  int64_t side() const { return int64_t(dense.size()); }
};

// About the inverse of the Hessian, output by output.
class LinearPreconditioner {
 public:
  struct Output {
    Cholesky dense;                // less what the border explains
    std::vector<double> border;    // [levels][side]
    std::vector<double> diagonal;  // [stride], inverted; used outside `dense`
  };
  LinearPreconditioner(const LinearShape& shape, const HessianPlan& plan,
                       std::vector<Output> outputs)
      : shape_(shape), plan_(plan), outputs_(std::move(outputs)) {}
  void apply(std::vector<double>& x) const;

 private:
  void apply(const Output& output, double* x) const;
  const LinearShape& shape_;
  const HessianPlan& plan_;
  std::vector<Output> outputs_;
};

class LinearObjective {
 public:
  // Over every `chunk_stride`-th chunk of the training rows. References must outlive it, and it its
  // preconditioners.
  LinearObjective(const Dataset& data, const LinearShape& shape, ThreadPool& pool,
                  int64_t chunk_stride = 1);

  // Bias alone fitted: where to start.
  std::vector<double> start() const;
  double start_value() const;  // of the loss there
  double value(const std::vector<double>& x, double l2, std::vector<double>& gradient) const;
  LinearPreconditioner precondition(const std::vector<double>& x, double l2) const;

  double weights() const { return weights_; }  // sum over the rows
  // Regression: the target is shifted and scaled to mean 0, variance 1.
  double center() const { return center_; }
  double scale() const { return scale_; }

 private:
  struct Hessian;
  double weight(int64_t i) const { return rows_.weight == nullptr ? 1 : rows_.weight[i]; }
  void sum_targets();
  double add_row(const double* x, int64_t i, double* score, double* gradient) const;
  void scores_of(const double* x, int64_t i, double* score) const;
  double residuals(int64_t i, double* score) const;
  void add_hessian_row(const double* x, int64_t i, Hessian& out) const;

  DatasetRows rows_;
  int64_t count_;
  Problem problem_;
  const LinearShape& shape_;
  const HessianPlan plan_;
  ThreadPool& pool_;
  int64_t chunk_stride_;
  double weights_ = 0, center_ = 0, scale_ = 1;
  std::vector<double> class_weights_;
};

}  // namespace gristmill
