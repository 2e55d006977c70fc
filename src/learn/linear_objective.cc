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

LinearLoss linear_loss(Problem problem, const std::optional<Loss>& loss) {
  using Kind = LinearLoss::Kind;
  if (problem == Problem::binary) return {Kind::logistic};
  if (problem == Problem::multiclass) return {Kind::softmax};
  if (loss && loss->is("poisson")) return {Kind::poisson};
  if (loss && loss->is("quantile")) return {Kind::quantile, loss->scale.alpha};
  return {Kind::squared};
}

LinearObjective::LinearObjective(const Dataset& data, const LinearShape& shape,
                                 const LinearLoss& loss, ThreadPool& pool, int64_t chunk_stride)
    : rows_(data.fold_slice(Fold::train)),
      count_(data.fold_rows(Fold::train)),
      loss_(loss),
      shape_(shape),
      plan_(shape),
      pool_(pool),
      chunk_stride_(chunk_stride) {
  sum_targets(data);
}

void LinearObjective::sum_targets(const Dataset& data) {
  const int64_t step = chunk_rows * chunk_stride_;
  auto each_row = [&](auto visit) {
    for (int64_t begin = 0; begin < count_; begin += step) {
      for (int64_t i = begin; i < std::min(count_, begin + chunk_rows); ++i) visit(i, weight(i));
    }
  };
  if (loss_.kind == Kind::logistic || loss_.kind == Kind::softmax) {
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
  if (loss_.kind == Kind::poisson) {
    each_row([&](int64_t i, double w) {
      const double target = rows_.target[i];
      start_value_ += target > 0 ? w * target * std::log(target / center_) : 0;
    });
    // What is never met in a part of the rows is rare.
    bias_ = std::log(std::max(center_, 1e-9));
    start_value_ = std::max(start_value_, 1e-9 * weights_);
    center_ = 0;
    return;
  }
  double spread = 0;
  each_row([&](int64_t i, double w) {
    spread += w * (rows_.target[i] - center_) * (rows_.target[i] - center_);
  });
  if (spread > 0) scale_ = std::sqrt(spread / weights_);
  start_value_ = 0.5 * weights_;
  if (loss_.kind == Kind::quantile) bias_ = (target_quantile(data, loss_.alpha) - center_) / scale_;
}

std::vector<double> LinearObjective::start() const {
  std::vector<double> x(size_t(shape_.size()), 0);
  auto bias = [&](int64_t k) { return std::log(std::max(class_weights_[size_t(k)], 1e-3)); };
  if (loss_.kind == Kind::poisson || loss_.kind == Kind::quantile) {
    x[0] = bias_;
  } else if (loss_.kind == Kind::logistic) {
    x[0] = bias(1) - bias(0);
  } else if (loss_.kind == Kind::softmax) {
    double mean = 0;
    for (int64_t k = 0; k < shape_.outputs; ++k) mean += bias(k) / double(shape_.outputs);
    for (int64_t k = 0; k < shape_.outputs; ++k) x[size_t(k * shape_.stride)] = bias(k) - mean;
  }
  return x;
}

double LinearObjective::start_value() const {
  if (class_weights_.empty()) return start_value_;
  double value = 0;
  for (double w : class_weights_) value -= w > 0 ? w * std::log(w / weights_) : 0;
  return value;
}

double LinearObjective::loss_scale() const {
  if (loss_.kind == Kind::squared) return scale_ * scale_;
  return loss_.kind == Kind::quantile ? scale_ : 1;
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
  if (loss_.kind == Kind::squared) {
    score[0] -= (target - center_) / scale_;
    return 0.5 * score[0] * score[0];
  }
  if (loss_.kind == Kind::poisson) {
    const double mean = std::exp(score[0]), loss = mean - target * score[0];
    score[0] = mean - target;
    return loss;
  }
  if (loss_.kind == Kind::quantile) {
    const double above = (target - center_) / scale_ - score[0], lean = loss_.alpha - 0.5;
    score[0] = -lean - 0.5 * std::clamp(above / smoothing_, -1.0, 1.0);
    return lean * above + (std::abs(above) >= smoothing_
                               ? 0.5 * std::abs(above)
                               : above * above / (4 * smoothing_) + smoothing_ / 4);
  }
  if (loss_.kind == Kind::logistic) {
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
