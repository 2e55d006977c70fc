#include "sketch/distinct.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "sketch/hash.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

constexpr size_t max_few = 512;
constexpr int index_bits = 12;
constexpr size_t register_count = size_t(1) << index_bits;
constexpr int max_rank = 64 - index_bits + 1;  // of a hash whose other bits are all zero

// What registers that are still zero stand for.
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

// What registers at max_rank stand for.
double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void DistinctCount::observe(const Column& column) {
  for_present(column, [&](int64_t i) { add(hash_cell(column, i)); });
}

void DistinctCount::add(uint64_t hash) {
  if (!registers_.empty()) return add_to_registers(hash);
  const auto at = std::lower_bound(few_.begin(), few_.end(), hash);
  if (at != few_.end() && *at == hash) return;
  few_.insert(at, hash);
  if (few_.size() <= max_few) return;
  registers_.assign(register_count, 0);
  for (const uint64_t each : few_) add_to_registers(each);
  few_.clear();
  few_.shrink_to_fit();
}

void DistinctCount::add_to_registers(uint64_t hash) {
  const int rank = std::min(std::countl_zero(hash << index_bits) + 1, max_rank);
  uint8_t& at = registers_[hash >> (64 - index_bits)];
  at = std::max(at, uint8_t(rank));
}

void DistinctCount::merge(const DistinctCount& later) {
  for (const uint64_t hash : later.few_) add(hash);
  if (later.registers_.empty()) return;
  if (registers_.empty()) {
    const std::vector<uint64_t> few = std::move(few_);
    few_.clear();
    registers_ = later.registers_;
    for (const uint64_t hash : few) add_to_registers(hash);
    return;
  }
  for (size_t i = 0; i < register_count; ++i)
    registers_[i] = std::max(registers_[i], later.registers_[i]);
}

int64_t DistinctCount::estimate() const {
  if (registers_.empty()) return int64_t(few_.size());
  std::array<double, max_rank + 1> of_rank{};
  for (const uint8_t rank : registers_) ++of_rank[rank];
  const double m = register_count;
  double z = m * tau(1 - of_rank[max_rank] / m);
  for (int rank = max_rank - 1; rank >= 1; --rank) z = 0.5 * (z + of_rank[size_t(rank)]);
  z += m * sigma(of_rank[0] / m);
  return std::llround(m * m / (2 * std::numbers::ln2 * z));
}

}  // namespace gristmill
