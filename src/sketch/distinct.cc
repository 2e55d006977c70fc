#include "sketch/distinct.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sketch/hash.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

// Ertl 2017, "New cardinality estimation algorithms for HyperLogLog sketches": sigma and tau
// correct for registers that are empty and full.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

Distinct::Distinct(int precision) : precision_(std::clamp(precision, 4, 18)) {
  registers_.assign(size_t(1) << precision_, 0);
}

void Distinct::observe(const Column& column) {
  for_present(column, [&](int64_t i) { add(hash_cell(column, i)); });
}

void Distinct::merge(const Distinct& other) {
  if (precision_ != other.precision_)
    throw Error(Code::internal, "distinct sketches of different precision merged");
  for (size_t i = 0; i < registers_.size(); ++i)
    registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double Distinct::estimate() const {
  const int top = 64 - precision_;
  std::vector<double> histogram(size_t(top) + 2, 0.0);
  for (uint8_t r : registers_) ++histogram[r];
  const auto m = double(registers_.size());
  double z = m * tau(1 - histogram[size_t(top) + 1] / m);
  for (int k = top; k >= 1; --k) z = 0.5 * (z + histogram[size_t(k)]);
  z += m * sigma(histogram[0] / m);
  return m * m / (2 * std::log(2.0)) / z;
}

State Distinct::save() const {
  State state;
  state.json["precision"] = precision_;
  state.put("registers", registers_);
  return state;
}

Distinct Distinct::load(const State& state) {
  auto precision = state.at<int64_t>("precision");
  auto registers = state.get<uint8_t>("registers");
  bool sound = precision >= 4 && precision <= 18 && registers.size() == size_t(1) << precision;
  for (uint8_t r : registers) sound = sound && r <= 64 - precision + 1;
  if (!sound) throw Error(Code::corrupt, "a saved distinct sketch is inconsistent");
  Distinct sketch{int(precision)};
  sketch.registers_.assign(registers.begin(), registers.end());
  return sketch;
}

}  // namespace gristmill
