#include "learn/linear_objective.h"

#include <algorithm>
#include <cmath>

#include "frame/batch.h"
#include "learn/training_rows.h"
#include "model/linear.h"

namespace gristmill {
LinearShape::LinearShape(const FeatureLayout& layout, int64_t outputs)
    : outputs(outputs),
      floats(layout.floats),
      codes(layout.codes),
      level_at(level_offsets(layout)) {
  levels = level_at.back();
  stride = 1 + floats + levels;
}

LinearObjective::LinearObjective(const Dataset& data, const LinearShape& shape, ThreadPool& pool,
                                 int64_t chunk_stride)
    : rows_(data.fold_slice(Fold::train)),
      count_(data.fold_rows(Fold::train)),
      problem_(data.info().problem),
      shape_(shape),
      plan_(shape),
      pool_(pool),
      chunk_stride_(chunk_stride) {
  sum_targets();
}

void LinearObjective::sum_targets() {
  const int64_t step = chunk_rows * chunk_stride_;
  auto each_row = [&](auto visit) {
    for (int64_t begin = 0; begin < count_; begin += step) {
      for (int64_t i = begin; i < std::min(count_, begin + chunk_rows); ++i) visit(i, weight(i));
    }
  };
  if (problem_ != Problem::regression) {
    class_weights_.assign(size_t(std::max<int64_t>(2, shape_.outputs)), 0);
    each_row([&](int64_t i, double w) { class_weights_[size_t(rows_.target[i])] += w; });
    for (double w : class_weights_) weights_ += w;
    return;
  }
  each_row([&](int64_t i, double w) {
    weights_ += w;
    center_ += w * rows_.target[i];
  });
  center_ /= weights_;
  double spread = 0;
  each_row([&](int64_t i, double w) {
    spread += w * (rows_.target[i] - center_) * (rows_.target[i] - center_);
  });
  if (spread > 0) scale_ = std::sqrt(spread / weights_);
}

std::vector<double> LinearObjective::start() const {
  std::vector<double> x(size_t(shape_.size()), 0);
  auto bias = [&](int64_t k) { return std::log(std::max(class_weights_[size_t(k)], 1e-3)); };
  if (problem_ == Problem::binary) {
    x[0] = bias(1) - bias(0);
  } else if (problem_ == Problem::multiclass) {
    double mean = 0;
    for (int64_t k = 0; k < shape_.outputs; ++k) mean += bias(k) / double(shape_.outputs);
    for (int64_t k = 0; k < shape_.outputs; ++k) x[size_t(k * shape_.stride)] = bias(k) - mean;
  }
  return x;
}

double LinearObjective::start_value() const {
  if (problem_ == Problem::regression) return 0.5 * weights_;
  double value = 0;
  for (double w : class_weights_) value -= w > 0 ? w * std::log(w / weights_) : 0;
  return value;
}

void LinearObjective::scores_of(const double* x, int64_t i, double* score) const {
  const float* floats = rows_.features.floats + i * rows_.features.float_stride;
  const int32_t* codes = rows_.features.codes + i * rows_.features.code_stride;
  for (int64_t k = 0; k < shape_.outputs; ++k, x += shape_.stride) {
    score[k] = x[0] + linear_dot(x + 1, floats, shape_.floats);
    const double* levels = x + 1 + shape_.floats;
    for (int64_t c = 0; c < shape_.codes; ++c) score[k] += levels[shape_.level_at[c] + codes[c]];
  }
}

// Scores → derivatives of the loss by them; returns the loss.
double LinearObjective::residuals(int64_t i, double* score) const {
  const double target = rows_.target[i];
  if (problem_ == Problem::regression) {
    score[0] -= (target - center_) / scale_;
    return 0.5 * score[0] * score[0];
  }
  if (problem_ == Problem::binary) {
    const double z = target == 1 ? score[0] : -score[0], e = std::exp(-std::abs(z));
    const double missed = z > 0 ? e / (1 + e) : 1 / (1 + e);  // probability of the other class
    score[0] = target == 1 ? -missed : missed;
    return std::log1p(e) + (z > 0 ? 0 : -z);
  }
  const double highest = *std::max_element(score, score + shape_.outputs);
  const double truth = score[int64_t(target)];
  double sum = 0;
  for (int64_t k = 0; k < shape_.outputs; ++k) sum += score[k] = std::exp(score[k] - highest);
  for (int64_t k = 0; k < shape_.outputs; ++k) score[k] /= sum;
  score[int64_t(target)] -= 1;
  return std::log(sum) + highest - truth;
}

double LinearObjective::add_row(const double* x, int64_t i, double* score, double* gradient) const {
  scores_of(x, i, score);
  const double w = weight(i), loss = w * residuals(i, score);
  const float* floats = rows_.features.floats + i * rows_.features.float_stride;
  const int32_t* codes = rows_.features.codes + i * rows_.features.code_stride;
  for (int64_t k = 0; k < shape_.outputs; ++k, gradient += shape_.stride) {
    const double residual = w * score[k];
    gradient[0] += residual;
    add_scaled(gradient + 1, floats, residual, shape_.floats);
    double* levels = gradient + 1 + shape_.floats;
    for (int64_t c = 0; c < shape_.codes; ++c) levels[shape_.level_at[c] + codes[c]] += residual;
  }
  return loss;
}

double LinearObjective::value(const std::vector<double>& x, double l2,
                              std::vector<double>& gradient) const {
  const int64_t window = 2 * pool_.size(), step = chunk_rows * chunk_stride_;
  struct Part {
    double loss;
    std::vector<double> gradient, score;
  };
  std::vector<Part> parts(static_cast<size_t>(window));
  std::fill(gradient.begin(), gradient.end(), 0);
  double loss = 0;
  for_chunks(
      pool_, window, step, count_,
      [&](int64_t slot, int64_t begin) {
        Part& part = parts[slot];
        part.gradient.assign(size_t(shape_.size()), 0);
        part.score.resize(size_t(shape_.outputs));
        part.loss = 0;
        const int64_t end = std::min(count_, begin + chunk_rows);
        for (int64_t i = begin; i < end; ++i) {
          part.loss += add_row(x.data(), i, part.score.data(), part.gradient.data());
        }
      },
      [&](int64_t slot) {
        add_scaled(gradient.data(), parts[slot].gradient.data(), 1, shape_.size());
        loss += parts[slot].loss;
      });
  for (int64_t k = 0; k < shape_.outputs; ++k) {
    for (int64_t j = k * shape_.stride + 1; j < (k + 1) * shape_.stride; ++j) {
      loss += 0.5 * l2 * x[j] * x[j];
      gradient[j] += l2 * x[j];
    }
  }
  return loss;
}

}  // namespace gristmill
