// What the linear learner minimises: the summed loss over training rows and half of `l2` times the
// squared weights, and its Hessian as a preconditioner. Rows stream from the mapped data set in
// chunks; chunks are summed in their order, so that no bit depends on the threads.
#pragma once

#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "learn/linear_hessian.h"
#include "learn/loss.h"
#include "tensor/dataset.h"

namespace gristmill {

struct LinearLoss {
  enum class Kind : uint8_t { squared, logistic, softmax, poisson, quantile } kind;
  double alpha = 0.5;  // of quantile
};
// `loss`: what a number is learned by, where it is not the squared error.
LinearLoss linear_loss(Problem problem, const std::optional<Loss>& loss);

class LinearObjective {
  using Kind = LinearLoss::Kind;

 public:
  // Over every `chunk_stride`-th chunk of the training rows. References must outlive it, and it its
  // preconditioners.
  LinearObjective(const Dataset& data, const LinearShape& shape, const LinearLoss& loss,
                  ThreadPool& pool, int64_t chunk_stride = 1);

  // The pinball loss is bent, not broken, within so much of 0, in units of the target's deviation.
  void smooth(double within) { smoothing_ = within; }

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
  // Squared error and quantiles: the target is shifted and scaled to mean 0, variance 1.
  double center() const { return center_; }
  double scale() const { return scale_; }
  // The loss over its value here.
  double loss_scale() const;
  const LinearShape& shape() const { return shape_; }
  const HessianPlan& plan() const { return plan_; }

 private:
  double weight(int64_t i) const { return rows_.weight == nullptr ? 1 : rows_.weight[i]; }
  void sum_targets(const Dataset& data);
  double bend_of(double target, double before, double residual, Bend bend) const;
  double add_row(const double* x, int64_t i, double* score, double* gradient) const;
  void scores_of(const double* x, int64_t i, double* score) const;
  double residuals(int64_t i, double* score) const;
  void add_hessian_row(const double* x, int64_t i, Bend bend, LinearHessian& out) const;

  DatasetRows rows_;
  int64_t count_;
  LinearLoss loss_;
  const LinearShape& shape_;
  const HessianPlan plan_;
  ThreadPool& pool_;
  int64_t chunk_stride_;
  double weights_ = 0, center_ = 0, scale_ = 1, bias_ = 0, start_value_ = 0, smoothing_ = 1;
  std::vector<double> class_weights_;
};

}  // namespace gristmill
