// What the linear learner minimises: the summed loss over training rows and half of `l2` times the
// squared weights, and its Hessian as a preconditioner. Rows stream from the mapped data set in
// chunks; chunks are summed in their order, so that no bit depends on the threads.
#pragma once

#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "learn/linear_hessian.h"
#include "tensor/dataset.h"

namespace gristmill {

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
  // How a row bends the loss by the score of one output: as it does with the other outputs held, or
  // so much that all outputs moving at once are bent no more (Böhning 1992): then p, not p · (1 −
  // p).
  enum class Bend : uint8_t { alone, together };
  LinearHessian hessian(const std::vector<double>& x, Bend bend) const;  // without the penalty
  LinearPreconditioner precondition(const std::vector<double>& x, double l2) const;

  double weights() const { return weights_; }  // sum over the rows
  // Regression: the target is shifted and scaled to mean 0, variance 1.
  double center() const { return center_; }
  double scale() const { return scale_; }
  const LinearShape& shape() const { return shape_; }
  const HessianPlan& plan() const { return plan_; }

 private:
  double weight(int64_t i) const { return rows_.weight == nullptr ? 1 : rows_.weight[i]; }
  void sum_targets();
  double add_row(const double* x, int64_t i, double* score, double* gradient) const;
  void scores_of(const double* x, int64_t i, double* score) const;
  double residuals(int64_t i, double* score) const;
  void add_hessian_row(const double* x, int64_t i, Bend bend, LinearHessian& out) const;

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
