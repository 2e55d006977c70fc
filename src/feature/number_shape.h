// What the encoder `number` makes of a value before it is scaled: a rising function.
#pragma once

#include <string>
#include <vector>

#include "base/state.h"
#include "sketch/quantiles.h"

namespace gristmill {

class NumberShape {
 public:
  NumberShape() = default;  // the value itself
  // sign(x) · ln(1 + |x|).
  static NumberShape log();
  // Yeo and Johnson, Biometrika 87 (2000), with the exponent of the greatest likelihood.
  static NumberShape power(const Quantiles& seen);
  // Normal scores: the value's share among those seen, as a normal distribution has it; linear
  // between 1,001 quantiles, and never beyond ±5.2.
  static NumberShape quantile(const Quantiles& seen);
  // How many of `edges`, which are rising, lie below the value: all that trees with these
  // thresholds ask of it, exact where a float32 is not. NaN for zeros (as LightGBM has them) when
  // they count as missing.
  static NumberShape steps(std::vector<double> edges, bool zeros_missing);

  bool identity() const { return kind_ == Kind::identity; }
  double of(double x) const;  // NaN stays NaN

  void save(State& state) const;
  static NumberShape load(const State& state);  // Code::corrupt

 private:
  enum class Kind : uint8_t { identity, log, power, quantile, steps };
  double score_of(double x) const;
  double step_of(double x) const;

  Kind kind_ = Kind::identity;
  double exponent_ = 1;
  std::vector<double> values_, scores_;  // rising
  bool zeros_missing_ = false;
};

}  // namespace gristmill
