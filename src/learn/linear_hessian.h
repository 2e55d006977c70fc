// The Hessian of the linear learner's loss, as far as it is kept, and its inverse as a
// preconditioner.
#pragma once

#include <vector>

#include "learn/dense.h"
#include "tensor/tensor.h"

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

// Sums of w · h · v·vᵀ over rows, as far as the plan keeps them; v: 1, floats, and 1 for each level
// that the row has; h: the second derivative of the loss by the score of an output.
struct LinearHessian {
  struct Output {
    std::vector<double> dense, border, diagonal;  // [side][side], [levels][side], [stride]
  };

  LinearHessian(const LinearShape& shape, const HessianPlan& plan);
  void add(const LinearHessian& other);
  void scale(double factor);

  std::vector<Output> outputs;
  double weights = 0;              // of the rows
  std::vector<double> row, score;  // of the row at hand
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

}  // namespace gristmill
