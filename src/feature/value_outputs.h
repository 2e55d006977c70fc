// Numbers that an encoder makes of a row, NaN where it has none, as learners want them: scaled,
// filled, and marked where they are missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/state.h"
#include "feature/encoder.h"
#include "sketch/moments.h"

namespace gristmill {

struct ValueOutput {
  size_t value = 0;    // its place among the row's numbers
  bool marks = false;  // 1 where it is missing, else 0; what follows is for the number itself
  double shift = 0, scale = 1, fill = 0;
};

class ValueOutputs {
 public:
  ValueOutputs() = default;
  explicit ValueOutputs(const Wants& wants) : scaled_(wants.scaled), filled_(wants.fills()) {}

  // The number, unless training saw it constant; not finite where it is missing.
  void add(size_t value, const Moments& moments);
  // What marks its gaps, where these are filled.
  void mark(size_t value) {
    if (filled_) outputs_.push_back({.value = value, .marks = true});
  }

  bool empty() const { return outputs_.empty(); }
  size_t size() const { return outputs_.size(); }
  const std::vector<ValueOutput>& all() const { return outputs_; }
  // Fills to[0 … size()).
  void write(const double* values, float* to) const;

  void save(State& state) const;
  // Of an encoder `kind` that makes so many numbers. Code::corrupt.
  static ValueOutputs load(const State& state, size_t values, const std::string& kind);

 private:
  bool scaled_ = false;
  bool filled_ = false;  // else NaN is written
  std::vector<ValueOutput> outputs_;
};

}  // namespace gristmill
