// A reference table frozen into a State and indexed by its key, to be used where it lies: opening
// a bundle maps it, checks it and builds nothing.
//
// Arrays, with n rows: `slots` u32[power of two > n], open addressing: the slot of a key is
// hash & (slots − 1), or the next ones; it holds row + 1, or 0. Of each column c in `columns`:
//   <c>.values   i64, f64 or i32 as the type is; u8 for booleans (one a row); u8 for text (bytes)
//   <c>.offsets  i32[n + 1], text only
//   <c>.validity u8[(n + 7) / 8], only where there are nulls
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/state.h"
#include "frame/batch.h"
#include "frame/scratch.h"

namespace gristmill {

class FrozenTable {
 public:
  static constexpr size_t bytes_most = size_t(64) << 20;
  static constexpr uint32_t no_row = ~uint32_t(0);

  // Reads all of `reader`: `keys` and `values` are columns of it. Rows with a null in their key are
  // left out. Code::invalid when a key occurs twice, with an example; Code::exhausted when the
  // state would be larger than bytes_most. `name` is the table's, `owner` the rule's, for messages.
  static FrozenTable build(BatchReader& reader, const std::vector<std::string>& keys,
                           const std::vector<std::string>& values, const std::string& name,
                           const std::string& owner);
  // Views the State's bytes. Checks every index and offset: Code::corrupt.
  explicit FrozenTable(State state);

  // Of a key, cell `i` of each of `cells`; part of the format.
  static uint64_t hash_key(std::span<const Column* const> cells, int64_t i);

  size_t rows() const { return rows_; }
  const std::vector<Column>& keys() const { return keys_; }
  size_t values() const { return values_.size(); }
  Type value_type(size_t i) const { return values_[i].type; }

  // The row whose key equals cell `i` of each of `cells`, or no_row. Numbers are equal whatever
  // their type; null equals nothing.
  uint32_t find(std::span<const Column* const> cells, int64_t i) const;
  // The same for rows 0 … n − 1.
  void find_all(std::span<const Column* const> cells, int64_t n, uint32_t* found) const;

  // Column `value` of rows[0 … n), into a buffer of `scratch`; null where a row is no_row.
  void gather(size_t value, const uint32_t* rows, int64_t n, ColumnBuffer& out,
              Scratch& scratch) const;

  // Only these of the values, by place, ascending.
  FrozenTable with_values(const std::vector<size_t>& kept) const;
  const State& state() const { return state_; }

 private:
  template <class Equal>
  uint32_t search(uint64_t hash, const Equal& equal) const;

  State state_;  // keeps the bytes alive
  size_t rows_ = 0;
  std::span<const uint32_t> slots_;
  // Booleans stand here with a byte a value: data is not a bitmap.
  std::vector<Column> keys_, values_;
};

// Code::exhausted when what is frozen of a table is larger than FrozenTable::bytes_most.
void check_frozen_size(size_t bytes, const std::string& name, const std::string& owner);

// Whether two types of key can be equal: the same type, or both numbers.
bool comparable(Type a, Type b);

}  // namespace gristmill
