// How many different values a column has: HyperLogLog on 64-bit hashes, mergeable in any order.
#pragma once

#include <cstdint>
#include <vector>

#include "base/state.h"
#include "frame/column.h"

namespace gristmill {

// 2^precision bytes; the standard error is 1.04 / sqrt(2^precision): 0.8 % at 14. Nearly exact for
// a few hundred values.
class Distinct {
 public:
  explicit Distinct(int precision = 14);  // 4 … 18

  void observe(const Column& column);  // nulls left out; 5 and 5.0 are one value
  void add(uint64_t hash) {
    uint64_t rest = (hash << precision_) | (uint64_t(1) << (precision_ - 1));
    auto zeros = uint8_t(__builtin_clzll(rest) + 1);
    uint8_t& r = registers_[hash >> (64 - precision_)];
    if (zeros > r) r = zeros;
  }
  void merge(const Distinct& other);  // Code::internal when the precision differs

  double estimate() const;

  bool operator==(const Distinct&) const = default;
  State save() const;
  static Distinct load(const State& state);  // Code::corrupt

 private:
  int precision_;
  std::vector<uint8_t> registers_;
};

}  // namespace gristmill
