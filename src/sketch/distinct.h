// How many different values a column has: exact while they are few, then estimated. Mergeable.
#pragma once

#include <cstdint>
#include <vector>

#include "frame/column.h"

namespace gristmill {

// Up to 512 values exactly (but for hashes of 64 bits that collide); beyond that HyperLogLog with
// 4,096 registers and Ertl's estimator (2017), which has no bias at any count: its standard error
// is 1.6 %, so that one in a thousand is more than 5.4 % off. At most 8 KiB, whatever was observed,
// in any order and however it was merged.
class DistinctCount {
 public:
  void observe(const Column& column);  // nulls left out
  void merge(const DistinctCount& later);
  int64_t estimate() const;

 private:
  void add(uint64_t hash);
  void add_to_registers(uint64_t hash);

  std::vector<uint64_t> few_;       // hashes, rising; empty once there are registers
  std::vector<uint8_t> registers_;  // empty while the hashes are few
};

}  // namespace gristmill
