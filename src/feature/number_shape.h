// What the encoder `number` makes of a value before it is scaled: a rising function that draws in
// what lies far out.
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

  bool identity() const { return kind_ == Kind::identity; }
  double of(double x) const;  // NaN stays NaN

  void save(State& state) const;
  static NumberShape load(const State& state);  // Code::corrupt

 private:
  enum class Kind : uint8_t { identity, log, power, quantile };
  double score_of(double x) const;

  Kind kind_ = Kind::identity;
  double exponent_ = 1;
  std::vector<double> values_, scores_;  // rising
};

}  // namespace gristmill
