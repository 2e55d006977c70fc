#include "learn/linear_hessian.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "frame/batch.h"
#include "learn/linear_objective.h"
#include "learn/training_rows.h"

namespace gristmill {
namespace {

constexpr int64_t side_max = 512;            // of the dense part, unless there are more floats
constexpr int64_t elements_max = 2'000'000;  // of all outputs: a thread holds two copies
constexpr double work_max = 4e9;             // multiplications: more rows than that are sampled

// Adds the penalty, and takes from the dense part what the border explains of it.
LinearPreconditioner::Output invert(std::vector<double> dense, std::vector<double> border,
                                    std::vector<double> diagonal, const HessianPlan& plan,
                                    double l2, double jitter) {
  const int64_t side = plan.side();
  for (double& value : diagonal) value = 1 / (value + l2 + jitter);
  for (int64_t a = 0; a < side; ++a) {
    dense[a * side + a] += plan.dense[a] == 0 ? 1000 * jitter : l2 + jitter;
  }
  for (int64_t l = 0; l < plan.levels; ++l) {
    const double* line = border.data() + l * side;
    for (int64_t a = 0; a < side; ++a) {
      if (line[a] == 0) continue;
      add_scaled(dense.data() + a * side + a, line + a, -line[a] * diagonal[plan.border + l],
                 side - a);
    }
  }
  return {Cholesky(std::move(dense), side), std::move(border), std::move(diagonal)};
}

// What a row adds to the Hessian of one output.
void add_products(const LinearShape& shape, const HessianPlan& plan, const std::vector<double>& row,
                  const int32_t* codes, double h, LinearHessian::Output& out) {
  const int64_t side = plan.side(), floats_end = 1 + shape.floats;
  if (side == 0) {
    for (int64_t a = 0; a < floats_end; ++a) out.diagonal[a] += h * row[a] * row[a];
  }
  auto add_line = [&](double* line, double scale) {
    add_scaled(line, row.data(), scale, floats_end);
    for (int64_t c = 0; c < shape.codes; ++c) {
      if (plan.part_of[c] == HessianPlan::Part::dense) line[plan.at[c] + codes[c]] += scale;
    }
  };
  for (int64_t a = 0; side > 0 && a < floats_end; ++a) {
    add_line(out.dense.data() + a * side, h * row[a]);
  }
  for (int64_t c = 0; c < shape.codes; ++c) {
    const int64_t level = plan.at[c] + codes[c];
    switch (plan.part_of[c]) {
      case HessianPlan::Part::dense:
        add_line(out.dense.data() + level * side, h);
        break;
      case HessianPlan::Part::border:
        add_line(out.border.data() + level * side, h);
        out.diagonal[plan.border + level] += h;
        break;
      case HessianPlan::Part::diagonal:
        out.diagonal[level] += h;
        break;
    }
  }
}

}  // namespace

// Categories from the one with the fewest levels on join the dense part while it has room; the
// largest of the others borders it.
HessianPlan::HessianPlan(const LinearShape& shape)
    : part_of(size_t(shape.codes), Part::diagonal), at(size_t(shape.codes)) {
  auto levels_of = [&](int64_t c) { return shape.level_at[c + 1] - shape.level_at[c]; };
  for (int64_t c = 0; c < shape.codes; ++c) at[c] = 1 + shape.floats + shape.level_at[c];
  if ((1 + shape.floats) * (1 + shape.floats) * shape.outputs > elements_max) return;
  dense.resize(size_t(1 + shape.floats));
  std::iota(dense.begin(), dense.end(), 0);
  std::vector<int64_t> order(static_cast<size_t>(shape.codes));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return levels_of(a) < levels_of(b); });
  for (int64_t c : order) {
    const int64_t grown = side() + levels_of(c);
    if (grown > side_max || grown * grown * shape.outputs > elements_max) break;
    part_of[c] = Part::dense;
    const int64_t first = at[c];
    at[c] = side();
    for (int64_t l = 0; l < levels_of(c); ++l) dense.push_back(first + l);
  }
  for (auto c = order.rbegin(); c != order.rend() && part_of[*c] != Part::dense; ++c) {
    if (side() * (side() + levels_of(*c)) * shape.outputs > elements_max) continue;
    part_of[*c] = Part::border;
    border = at[*c];
    levels = levels_of(*c);
    at[*c] = 0;
    break;
  }
}

void LinearPreconditioner::apply(std::vector<double>& x) const {
  for (int64_t k = 0; k < shape_.outputs; ++k) {
    apply(outputs_[size_t(k)], x.data() + k * shape_.stride);
  }
}

void LinearPreconditioner::apply(const Output& output, double* x) const {
  const int64_t side = plan_.side();
  std::vector<double> dense(static_cast<size_t>(side));
  for (int64_t a = 0; a < side; ++a) dense[a] = x[plan_.dense[a]];
  for (int64_t j = 0; j < shape_.stride; ++j) x[j] *= output.diagonal[j];
  for (int64_t l = 0; l < plan_.levels; ++l) {
    add_scaled(dense.data(), output.border.data() + l * side, -x[plan_.border + l], side);
  }
  output.dense.solve(dense.data());
  for (int64_t l = 0; l < plan_.levels; ++l) {
    const double* line = output.border.data() + l * side;
    const double explained = std::inner_product(line, line + side, dense.data(), 0.0);
    x[plan_.border + l] -= output.diagonal[plan_.border + l] * explained;
  }
  for (int64_t a = 0; a < side; ++a) x[plan_.dense[a]] = dense[a];
}

LinearHessian::LinearHessian(const LinearShape& shape, const HessianPlan& plan)
    : outputs(size_t(shape.outputs)), row(size_t(1 + shape.floats)), score(size_t(shape.outputs)) {
  for (Output& output : outputs) {
    output.dense.resize(size_t(plan.side() * plan.side()));
    output.border.resize(size_t(plan.levels * plan.side()));
    output.diagonal.resize(size_t(shape.stride));
  }
}

void LinearHessian::add(const LinearHessian& other) {
  weights += other.weights;
  auto sum = [](std::vector<double>& to, const std::vector<double>& from) {
    add_scaled(to.data(), from.data(), 1, int64_t(to.size()));
  };
  for (size_t k = 0; k < outputs.size(); ++k) {
    sum(outputs[k].dense, other.outputs[k].dense);
    sum(outputs[k].border, other.outputs[k].border);
    sum(outputs[k].diagonal, other.outputs[k].diagonal);
  }
}

void LinearHessian::scale(double factor) {
  for (Output& output : outputs) {
    for (std::vector<double>* values : {&output.dense, &output.border, &output.diagonal}) {
      for (double& value : *values) value *= factor;
    }
  }
}

// The second derivative of a row's loss by a score, `before` its residual was made of it.
double LinearObjective::bend_of(double target, double before, double residual, Bend bend) const {
  switch (loss_.kind) {
    case Kind::squared:
      return 1;
    case Kind::poisson:
      return residual + target;
    case Kind::quantile: {  // of a parabola that lies above it (Hunter and Lange 2000)
      const double above = (target - center_) / scale_ - before;
      return 1 / (2 * std::max(std::abs(above), smoothing_));
    }
    case Kind::logistic:
    case Kind::softmax: {
      const double p = residual + target;
      return loss_.kind == Kind::softmax && bend == Bend::together ? p : p * (1 - p);
    }
  }
  return 1;
}

void LinearObjective::add_hessian_row(const double* x, int64_t i, Bend bend,
                                      LinearHessian& out) const {
  scores_of(x, i, out.score.data());
  const double before = out.score[0], target = rows_.target[i], w = weight(i);
  residuals(i, out.score.data());
  out.weights += w;
  const float* floats = rows_.features.floats + i * rows_.features.float_stride;
  const int32_t* codes = rows_.features.codes + i * rows_.features.code_stride;
  out.row[0] = 1;
  for (int64_t j = 0; j < shape_.floats; ++j) {
    out.row[size_t(j) + 1] = std::isnan(floats[j]) ? 0 : double(floats[j]);
  }
  for (size_t k = 0; k < out.outputs.size(); ++k) {
    const double truth = loss_.kind == Kind::softmax ? double(double(k) == target) : target;
    const double h = w * bend_of(truth, before, out.score[k], bend);
    add_products(shape_, plan_, out.row, codes, h, out.outputs[k]);
  }
}

LinearHessian LinearObjective::hessian(const std::vector<double>& x, Bend bend) const {
  LinearHessian total(shape_, plan_);
  // Of each chunk its first rows, so many that the work stays within bounds.
  const double products = double(1 + shape_.floats + shape_.codes);
  const double row_work = products * products * double(shape_.outputs) + 100;
  const int64_t step = chunk_rows * chunk_stride_, chunks = (count_ + step - 1) / step;
  const int64_t rows =
      std::clamp(int64_t(work_max / row_work / double(chunks)), int64_t(256), chunk_rows);
  const int64_t window = pool_.size();
  std::vector<std::unique_ptr<LinearHessian>> parts(static_cast<size_t>(window));
  for_chunks(
      pool_, window, step, count_,
      [&](int64_t slot, int64_t begin) {
        parts[slot] = std::make_unique<LinearHessian>(shape_, plan_);
        const int64_t end = std::min(count_, begin + rows);
        for (int64_t i = begin; i < end; ++i) add_hessian_row(x.data(), i, bend, *parts[slot]);
      },
      [&](int64_t slot) { total.add(*parts[slot]); });

  total.scale(total.weights > 0 ? weights_ / total.weights : 1);
  return total;
}

LinearPreconditioner LinearObjective::precondition(const std::vector<double>& x, double l2) const {
  LinearHessian total = hessian(x, Bend::alone);
  std::vector<LinearPreconditioner::Output> outputs;
  for (LinearHessian::Output& output : total.outputs) {
    outputs.push_back(invert(std::move(output.dense), std::move(output.border),
                             std::move(output.diagonal), plan_, l2, weights_ * 1e-12));
  }
  return {shape_, plan_, std::move(outputs)};
}

}  // namespace gristmill
