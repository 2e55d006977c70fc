// The Hessian of the linear learner's loss, and its inverse as a preconditioner.
#include <algorithm>
#include <cmath>

#include "base/progress.h"
#include "frame/batch.h"
#include "learn/linear_objective.h"

namespace gristmill {
namespace {

constexpr int64_t whole_size_max = 512;            // parameters up to which all of it is kept
constexpr int64_t block_elements_max = 4'000'000;  // of the floats' blocks, else their diagonal
constexpr double work_max = 4e9;  // multiplications: more rows than that are sampled

}  // namespace

void LinearPreconditioner::apply(std::vector<double>& x) const {
  if (inverse_diagonal_.empty()) {
    blocks_[0].solve(x.data());
    return;
  }
  for (int64_t k = 0; k < shape_.outputs; ++k) {
    double* part = x.data() + k * shape_.stride;
    int64_t first = 0;
    if (!blocks_.empty()) {
      blocks_[size_t(k)].solve(part);
      first = 1 + shape_.floats;
    }
    const double* inverse = inverse_diagonal_.data() + k * shape_.stride;
    for (int64_t j = first; j < shape_.stride; ++j) part[j] *= inverse[j];
  }
}

// Sums of w · h · v·vᵀ over rows; v: 1, floats, and 1 for each level that the row has; h: the
// second derivative of the loss by the scores.
struct LinearObjective::Hessian {
  explicit Hessian(const LinearShape& shape)
      : is_whole(shape.size() <= whole_size_max),
        row(size_t(1 + shape.floats)),
        score(size_t(shape.outputs)) {
    if (is_whole) {
      side = shape.size();
      blocks.assign(1, std::vector<double>(size_t(side * side)));
      return;
    }
    diagonal.assign(size_t(shape.size()), 0);
    side = 1 + shape.floats;
    if (side * side * shape.outputs > block_elements_max) side = 0;
    if (side > 0) blocks.assign(size_t(shape.outputs), std::vector<double>(size_t(side * side)));
  }

  void add(const Hessian& other) {
    weights += other.weights;
    for (size_t b = 0; b < blocks.size(); ++b) {
      add_scaled(blocks[b].data(), other.blocks[b].data(), 1, int64_t(blocks[b].size()));
    }
    add_scaled(diagonal.data(), other.diagonal.data(), 1, int64_t(diagonal.size()));
  }

  // h · v·vᵀ into the whole matrix, whose rows are `size` long, from `block` on.
  void add_whole(const LinearShape& shape, const int32_t* codes, double h, double* block) const {
    const int64_t floats_end = 1 + shape.floats;
    auto add_line = [&](double* line, double scale) {
      add_scaled(line, row.data(), scale, floats_end);
      for (int64_t c = 0; c < shape.codes; ++c) {
        line[floats_end + shape.level_at[c] + codes[c]] += scale;
      }
    };
    for (int64_t a = 0; a < floats_end; ++a) add_line(block + a * side, h * row[a]);
    for (int64_t c = 0; c < shape.codes; ++c) {
      add_line(block + (floats_end + shape.level_at[c] + codes[c]) * side, h);
    }
  }

  // Of output k: the floats' block, or their diagonal, and the levels' diagonal.
  void add_parts(const LinearShape& shape, const int32_t* codes, double h, int64_t k) {
    const int64_t floats_end = 1 + shape.floats;
    double* part = diagonal.data() + k * shape.stride;
    for (int64_t a = 0; a < floats_end; ++a) {
      if (side == 0) {
        part[a] += h * row[a] * row[a];
      } else {
        add_scaled(blocks[k].data() + a * side + a, row.data() + a, h * row[a], floats_end - a);
      }
    }
    for (int64_t c = 0; c < shape.codes; ++c) {
      part[floats_end + shape.level_at[c] + codes[c]] += h;
    }
  }

  bool is_whole;
  int64_t side;                             // of a block; 0: too many floats for one
  double weights = 0;                       // of the rows
  std::vector<std::vector<double>> blocks;  // the upper triangles count
  std::vector<double> diagonal;
  std::vector<double> row, score;  // of the row at hand
};

void LinearObjective::add_hessian_row(const double* x, int64_t i, Hessian& out) const {
  scores_of(x, i, out.score.data());
  residuals(i, out.score.data());
  const double w = weight(i);
  out.weights += w;
  // Residual → probability again; the second derivative by the scores is diag(p) − p·pᵀ.
  if (problem_ == Problem::multiclass) out.score[size_t(rows_.target[i])] += 1;
  if (problem_ == Problem::binary) out.score[0] += rows_.target[i];
  auto curvature = [&](int64_t k, int64_t l) {
    if (problem_ == Problem::regression) return w;
    const double p = out.score[size_t(k)];
    return w * (k == l ? p * (1 - p) : -p * out.score[size_t(l)]);
  };
  const float* floats = rows_.features.floats + i * rows_.features.float_stride;
  const int32_t* codes = rows_.features.codes + i * rows_.features.code_stride;
  out.row[0] = 1;
  for (int64_t j = 0; j < shape_.floats; ++j) {
    out.row[size_t(j) + 1] = std::isnan(floats[j]) ? 0 : double(floats[j]);
  }
  for (int64_t k = 0; k < shape_.outputs; ++k) {
    if (!out.is_whole) {
      out.add_parts(shape_, codes, curvature(k, k), k);
      continue;
    }
    for (int64_t l = k; l < shape_.outputs; ++l) {
      out.add_whole(shape_, codes, curvature(k, l),
                    out.blocks[0].data() + k * shape_.stride * out.side + l * shape_.stride);
    }
  }
}

LinearPreconditioner LinearObjective::precondition(const std::vector<double>& x, double l2) const {
  Hessian total(shape_);
  const double side = double(total.side);
  const double row_work = side * side * double(total.is_whole ? 1 : shape_.outputs) + 100;
  // Of each chunk its first rows, so many that the work stays within bounds.
  const int64_t step = chunk_rows * chunk_stride_, chunks = (count_ + step - 1) / step;
  const int64_t rows =
      std::clamp(int64_t(work_max / row_work / double(chunks)), int64_t(256), chunk_rows);
  const int64_t window = 2 * pool_.size();
  std::vector<std::unique_ptr<Hessian>> parts(static_cast<size_t>(window));
  std::vector<int64_t> begins(static_cast<size_t>(window));
  int64_t next = 0;
  pool_.ordered(
      window,
      [&](int64_t slot) {
        check_interrupted();
        begins[slot] = next;
        next += step;
        return begins[slot] < count_;
      },
      [&](int64_t slot) {
        parts[slot] = std::make_unique<Hessian>(shape_);
        const int64_t end = std::min(count_, begins[slot] + rows);
        for (int64_t i = begins[slot]; i < end; ++i) add_hessian_row(x.data(), i, *parts[slot]);
      },
      [&](int64_t slot) { total.add(*parts[slot]); });

  const double factor = total.weights > 0 ? weights_ / total.weights : 1;
  auto finish = [&](double sum, int64_t j) {
    const bool is_bias = j % shape_.stride == 0;
    return sum * factor + (is_bias ? weights_ * 1e-9 : l2 + weights_ * 1e-12);
  };
  std::vector<Cholesky> blocks;
  for (size_t b = 0; b < total.blocks.size(); ++b) {
    std::vector<double>& block = total.blocks[b];
    for (int64_t i = 0; i < total.side; ++i) {
      double* line = block.data() + i * total.side;
      line[i] = finish(line[i], i);
      for (int64_t j = i + 1; j < total.side; ++j) line[j] *= factor;
    }
    blocks.emplace_back(std::move(block), total.side);
  }
  for (size_t j = 0; j < total.diagonal.size(); ++j) {
    total.diagonal[j] = 1 / finish(total.diagonal[j], int64_t(j));
  }
  return {shape_, std::move(blocks), std::move(total.diagonal)};
}

}  // namespace gristmill
