#include "feature/number_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "model/forest.h"

namespace gristmill {
namespace {

constexpr std::array<const char*, 5> kind_names = {"identity", "log", "power", "quantile", "steps"};
constexpr int64_t most_points = 1001;
constexpr double outermost = 5.2;  // the score of a share of 1e-7

// The very values where they are few.
std::vector<double> seen_quantiles(const Quantiles& seen) {
  const int64_t points = std::clamp<int64_t>(seen.count(), 1, most_points);
  std::vector<double> shares(size_t(points), 0.5);
  for (int64_t i = 0; points > 1 && i < points; ++i)
    shares[size_t(i)] = double(i) / double(points - 1);
  return seen.quantiles(shares);
}

double yeo_johnson(double x, double exponent) {
  if (x >= 0)
    return exponent == 0 ? std::log1p(x) : std::expm1(exponent * std::log1p(x)) / exponent;
  const double other = 2 - exponent;
  return other == 0 ? -std::log1p(-x) : -std::expm1(other * std::log1p(-x)) / other;
}

// Up to a constant, by the values' quantiles.
double log_likelihood(const std::vector<double>& values, double exponent) {
  double mean = 0, squares = 0, jacobian = 0, count = 0;
  for (const double x : values) {
    const double y = yeo_johnson(x, exponent), before = y - mean;
    mean += before / ++count;
    squares += before * (y - mean);
    jacobian += std::copysign(std::log1p(std::abs(x)), x);
  }
  const double found = (exponent - 1) * jacobian - count / 2 * std::log(squares / count);
  return std::isfinite(found) ? found : -std::numeric_limits<double>::max();
}

// By golden sections: the likelihood has one maximum.
double best_exponent(const std::vector<double>& values) {
  constexpr double section = 0.6180339887498949, close_enough = 1e-6;
  double low = -4, high = 6;
  double left = high - section * (high - low), right = low + section * (high - low);
  double at_left = log_likelihood(values, left), at_right = log_likelihood(values, right);
  while (high - low > close_enough) {
    if (at_left >= at_right) {
      high = std::exchange(right, left);
      at_right = at_left;
      left = high - section * (high - low);
      at_left = log_likelihood(values, left);
    } else {
      low = std::exchange(left, right);
      at_left = at_right;
      right = low + section * (high - low);
      at_right = log_likelihood(values, right);
    }
  }
  return (low + high) / 2;
}

// Below which lies this share of a normal distribution; by bisection, for it is done once.
double normal_score(double share) {
  double low = -outermost, high = outermost;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

NumberShape NumberShape::log() {
  NumberShape shape;
  shape.kind_ = Kind::log;
  return shape;
}

NumberShape NumberShape::power(const Quantiles& seen) {
  NumberShape shape;
  shape.kind_ = Kind::power;
  shape.exponent_ = best_exponent(seen_quantiles(seen));
  return shape;
}

NumberShape NumberShape::quantile(const Quantiles& seen) {
  NumberShape shape;
  shape.kind_ = Kind::quantile;
  const std::vector<double> values = seen_quantiles(seen);
  const double last = double(values.size() - 1);
  for (size_t i = 0; i < values.size();) {
    const size_t end =
        size_t(std::upper_bound(values.begin(), values.end(), values[i]) - values.begin());
    shape.values_.push_back(values[i]);
    shape.scores_.push_back(normal_score(last == 0 ? 0.5 : double(i + end - 1) / 2 / last));
    i = end;
  }
  return shape;
}

NumberShape NumberShape::steps(std::vector<double> edges, bool zeros_missing) {
  NumberShape shape;
  shape.kind_ = Kind::steps;
  shape.values_ = std::move(edges);
  shape.zeros_missing_ = zeros_missing;
  return shape;
}

double NumberShape::of(double x) const {
  switch (kind_) {
    case Kind::log:
      return std::copysign(std::log1p(std::abs(x)), x);
    case Kind::power:
      return yeo_johnson(x, exponent_);
    case Kind::quantile:
      return score_of(x);
    case Kind::steps:
      return step_of(x);
    default:
      return x;
  }
}

double NumberShape::score_of(double x) const {
  if (std::isnan(x)) return x;
  const auto above = std::upper_bound(values_.begin(), values_.end(), x);
  if (above == values_.begin()) return scores_.front();
  if (above == values_.end()) return scores_.back();
  const size_t i = size_t(above - values_.begin());
  const double share = (x - values_[i - 1]) / (values_[i] - values_[i - 1]);
  return scores_[i - 1] + share * (scores_[i] - scores_[i - 1]);
}

double NumberShape::step_of(double x) const {
  if (std::isnan(x)) return x;
  if (zeros_missing_ && std::abs(x) <= zero_threshold)
    return std::numeric_limits<double>::quiet_NaN();
  return double(std::lower_bound(values_.begin(), values_.end(), x) - values_.begin());
}

void NumberShape::save(State& state) const {
  if (identity()) return;  // as encoders without a shape were written
  state.json["shape"] = kind_names[size_t(kind_)];
  if (kind_ == Kind::power) state.put<double>("exponent", {exponent_});
  if (kind_ == Kind::steps) state.json["zeros_missing"] = zeros_missing_;
  if (kind_ == Kind::steps || kind_ == Kind::quantile) state.put("values", values_);
  if (kind_ == Kind::quantile) state.put("scores", scores_);
}

NumberShape NumberShape::load(const State& state) {
  NumberShape shape;
  if (!state.json.contains("shape")) return shape;
  auto refuse = [] { return Error(Code::corrupt, "the shape of an encoder `number` is not one"); };
  const auto name = state.at<std::string>("shape");
  const auto found = std::find(kind_names.begin() + 1, kind_names.end(), name);
  if (found == kind_names.end()) throw refuse();
  shape.kind_ = Kind(found - kind_names.begin());
  if (shape.kind_ == Kind::power) {
    const auto exponent = state.get<double>("exponent");
    if (exponent.size() != 1 || !std::isfinite(exponent[0])) throw refuse();
    shape.exponent_ = exponent[0];
  }
  auto load_rising = [&](const std::string& array, std::vector<double>& to, auto allowed) {
    const auto given = state.get<double>(array);
    to.assign(given.begin(), given.end());
    if (!std::all_of(to.begin(), to.end(), allowed) ||
        std::adjacent_find(to.begin(), to.end(), std::greater_equal()) != to.end())
      throw refuse();
  };
  auto finite = [](double x) { return std::isfinite(x); };
  if (shape.kind_ == Kind::steps) {
    load_rising("values", shape.values_, [](double x) { return !std::isnan(x); });
    shape.zeros_missing_ = state.at<bool>("zeros_missing");
  } else if (shape.kind_ == Kind::quantile) {
    load_rising("values", shape.values_, finite);
    load_rising("scores", shape.scores_, finite);
    if (shape.values_.empty() || shape.values_.size() != shape.scores_.size()) throw refuse();
  }
  return shape;
}

}  // namespace gristmill
