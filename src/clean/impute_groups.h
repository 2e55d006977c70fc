// The groups of rows that `impute` with `by` tells apart, numbered in the order training met them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clean/frozen_table.h"
#include "clean/value.h"

namespace gristmill {

class Groups {
 public:
  static constexpr size_t most = 10'000;
  static constexpr uint32_t none = ~uint32_t(0);  // a cell of the key is null

  explicit Groups(std::vector<Field> by);
  const std::vector<Field>& by() const { return by_; }
  size_t size() const { return numbers_.size(); }

  // The group of each row; those not met before are added. Code::exhausted past `most`.
  std::vector<uint32_t> observe(const Batch& rows);
  // The number here of each group of `later`; those not met before are added.
  std::vector<uint32_t> merge(const Groups& later);

  // A table of the groups that have a value.
  FrozenTable freeze(const std::vector<std::optional<Constant>>& values, Type type) const;

 private:
  uint32_t number_of(const Batch& keys, int64_t row);

  std::vector<Field> by_;
  std::map<std::string, uint32_t> numbers_;  // by the canonical bytes of a key
  BatchBuffer keys_;
};

}  // namespace gristmill
