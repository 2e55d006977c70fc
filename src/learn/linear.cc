// Ridge, logistic and softmax regression, streaming over the mapped data set.
#include <cmath>

#include "base/thread_pool.h"
#include "frame/batch.h"
#include "learn/learner.h"
#include "learn/minimize.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
namespace {

// Parameters lie as [output][bias, floats, levels].
struct Shape {
  int64_t outputs, floats, codes, levels, stride;
  std::vector<int64_t> code_offset;

  Shape(const FeatureLayout& layout, int64_t outputs)
      : outputs(outputs), floats(layout.floats), codes(layout.codes), levels(0) {
    for (const TensorSpec& spec : layout.specs) {
      if (spec.kind != TensorKind::code) continue;
      code_offset.push_back(levels);
      levels += spec.levels();
    }
    stride = 1 + floats + levels;
  }
};

// Mean loss over the training rows and its gradient. Chunks are summed in their order, so the
// result does not depend on the threads.
class Objective {
 public:
  Objective(const Dataset& data, const Shape& shape, double l2, int threads)
      : rows_(data.fold_slice(Fold::train)),
        count_(data.fold_rows(Fold::train)),
        problem_(data.info().problem),
        shape_(shape),
        l2_(l2),
        pool_(threads) {
    window_ = 2 * pool_.size();
    partial_.assign(size_t(window_), std::vector<double>(size_t(shape.outputs * shape.stride) + 1));
    for (int64_t i = 0; i < count_; ++i) {
      const double w = weight(i);
      weights_ += w;
      center_ += w * rows_.target[i];
    }
    center_ /= weights_;
    if (problem_ != Problem::regression) {
      center_ = 0;
      return;
    }
    double spread = 0;
    for (int64_t i = 0; i < count_; ++i)
      spread += weight(i) * (rows_.target[i] - center_) * (rows_.target[i] - center_);
    if (spread > 0) scale_ = std::sqrt(spread / weights_);
  }

  double center() const { return center_; }
  double scale() const { return scale_; }

  double operator()(const std::vector<double>& x, std::vector<double>& gradient) {
    std::fill(gradient.begin(), gradient.end(), 0);
    double loss = 0;
    int64_t next = 0;
    std::vector<int64_t> begins(static_cast<size_t>(window_));
    pool_.ordered(
        window_,
        [&](int64_t slot) {
          check_interrupted();
          begins[slot] = next;
          next += chunk_rows;
          return begins[slot] < count_;
        },
        [&](int64_t slot) {
          add_chunk(x, begins[slot], std::min(chunk_rows, count_ - begins[slot]), partial_[slot]);
        },
        [&](int64_t slot) {
          for (size_t j = 0; j < gradient.size(); ++j) gradient[j] += partial_[slot][j];
          loss += partial_[slot].back();
        });
    for (int64_t k = 0; k < shape_.outputs; ++k) {
      for (int64_t j = 1; j < shape_.stride; ++j) {
        const int64_t at = k * shape_.stride + j;
        loss += 0.5 * l2_ * x[at] * x[at];
        gradient[at] += l2_ * x[at];
      }
    }
    for (double& value : gradient) value /= weights_;
    return loss / weights_;
  }

 private:
  double weight(int64_t i) const { return rows_.weight == nullptr ? 1 : rows_.weight[i]; }

  void add_chunk(const std::vector<double>& x, int64_t begin, int64_t rows,
                 std::vector<double>& out) const {
    std::fill(out.begin(), out.end(), 0);
    std::vector<double> score(size_t(shape_.outputs));
    for (int64_t i = begin; i < begin + rows; ++i) {
      const float* floats = rows_.features.floats + i * rows_.features.float_stride;
      const int32_t* codes = rows_.features.codes + i * rows_.features.code_stride;
      for (int64_t k = 0; k < shape_.outputs; ++k)
        score[size_t(k)] = score_of(x.data() + k * shape_.stride, floats, codes);
      out.back() += weight(i) * to_residuals(score, i);
      for (int64_t k = 0; k < shape_.outputs; ++k) {
        add_row(out.data() + k * shape_.stride, weight(i) * score[size_t(k)], floats, codes);
      }
    }
  }

  double score_of(const double* w, const float* floats, const int32_t* codes) const {
    double sum = w[0];
    for (int64_t j = 0; j < shape_.floats; ++j) sum += w[1 + j] * double(floats[j]);
    const double* levels = w + 1 + shape_.floats;
    for (int64_t c = 0; c < shape_.codes; ++c)
      sum += levels[shape_.code_offset[size_t(c)] + codes[c]];
    return sum;
  }

  void add_row(double* g, double residual, const float* floats, const int32_t* codes) const {
    g[0] += residual;
    for (int64_t j = 0; j < shape_.floats; ++j) g[1 + j] += residual * double(floats[j]);
    double* levels = g + 1 + shape_.floats;
    for (int64_t c = 0; c < shape_.codes; ++c)
      levels[shape_.code_offset[size_t(c)] + codes[c]] += residual;
  }

  // Scores → derivatives of the loss by them; returns the loss.
  double to_residuals(std::vector<double>& score, int64_t i) const {
    const double target = rows_.target[i];
    if (problem_ == Problem::regression) {
      score[0] -= (target - center_) / scale_;
      return 0.5 * score[0] * score[0];
    }
    if (problem_ == Problem::binary) {
      const double z = score[0];
      const double loss =
          (z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z))) - target * z;
      score[0] = 1 / (1 + std::exp(-z)) - target;
      return loss;
    }
    const double most = *std::max_element(score.begin(), score.end());
    double sum = 0;
    const double truth = score[size_t(target)];
    for (double& z : score) sum += z = std::exp(z - most);
    for (double& z : score) z /= sum;
    score[size_t(target)] -= 1;
    return std::log(sum) + most - truth;
  }

  DatasetRows rows_;
  int64_t count_;
  Problem problem_;
  const Shape& shape_;
  double l2_;
  ThreadPool pool_;
  int64_t window_;
  std::vector<std::vector<double>> partial_;  // by slot: gradient, then the loss
  double weights_ = 0, center_ = 0, scale_ = 1;
};

std::unique_ptr<Model> train(const Dataset& data, const Params& params, TrainContext& context) {
  check_training_rows(data);
  const Shape shape(data.info().layout, outputs_of(data.info()));
  Objective objective(data, shape, params.number("l2"), context.threads);
  std::vector<double> x(size_t(shape.outputs * shape.stride), 0);
  minimize([&](const std::vector<double>& at,
               std::vector<double>& gradient) { return objective(at, gradient); },
           x, {.iterations = int(params.integer("iterations"))},
           [&] { context.progress.advance(1); });

  LinearParameters out;
  const Problem problem = data.info().problem;
  out.link = problem == Problem::regression ? Link::identity
             : problem == Problem::binary   ? Link::logistic
                                            : Link::softmax;
  out.outputs = shape.outputs;
  out.code_offset = shape.code_offset;
  for (int64_t k = 0; k < shape.outputs; ++k) {
    const double* w = x.data() + k * shape.stride;
    out.bias.push_back(w[0] * objective.scale() + objective.center());
    for (int64_t j = 0; j < shape.floats; ++j) out.weights.push_back(w[1 + j] * objective.scale());
    for (int64_t j = 0; j < shape.levels; ++j)
      out.code_weights.push_back(w[1 + shape.floats + j] * objective.scale());
  }
  return make_linear(std::move(out), data.info().layout);
}

const RegisterLearner registration({
    .name = "linear",
    .version = 1,
    .text = "Ridge, logistic or softmax regression, as the target is a number, two classes or "
            "more. Streams over the rows; "
            "categories count as one-hot columns.",
    .params = {{"l2",
                "number",
                "Strength of the penalty: half of it times the sum of squared weights is added to "
                "the summed loss; the intercept is free.",
                1.0,
                0,
                {},
                {}},
               {"iterations", "integer", "At most so many steps of L-BFGS.", 200, 1, 100000, {}}},
    .wants = {.scaled = true, .missing = false, .cyclic = true},
    .needs_validate = false,
    .bytes_per_row = [](const FeatureLayout&) { return int64_t(0); },
    .train = train,
});

}  // namespace
}  // namespace gristmill
