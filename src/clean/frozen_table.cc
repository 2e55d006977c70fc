#include "clean/frozen_table.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "frame/cell.h"
#include "sketch/hash.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

Error corrupt(const std::string& what) {
  return Error(Code::corrupt, "a saved table of reference: " + what);
}

bool frozen_boolean(const Column& column, int64_t i) {
  return static_cast<const uint8_t*>(column.data)[i] != 0;
}

// -0.0 is 0.0, NaN is NaN.
bool equal_numbers(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool equal_numbers(int64_t whole, double number) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  return number >= -limit && number < limit && number == std::floor(number) &&
         int64_t(number) == whole;
}

// A frozen cell and one of a batch; neither is null, and their types are comparable.
bool equal_cells(const Column& frozen, int64_t row, const Column& cells, int64_t i) {
  switch (frozen.type) {
    case Type::string:
      return frozen.string(row) == cells.string(i);
    case Type::boolean:
      return frozen_boolean(frozen, row) == cells.boolean(i);
    case Type::date:
      return frozen.values<int32_t>()[row] == cells.values<int32_t>()[i];
    case Type::float64: {
      double number = frozen.values<double>()[row];
      return cells.type == Type::int64 ? equal_numbers(cells.values<int64_t>()[i], number)
                                       : equal_numbers(cells.values<double>()[i], number);
    }
    default: {
      int64_t whole = frozen.values<int64_t>()[row];
      return cells.type == Type::float64 ? equal_numbers(whole, cells.values<double>()[i])
                                         : whole == cells.values<int64_t>()[i];
    }
  }
}

void check_text(const Column& column, size_t bytes, const std::string& name) {
  bool sound = column.offsets[0] == 0 && size_t(column.offsets[column.length]) == bytes;
  for (int64_t i = 0; i < column.length; ++i)
    sound = sound && column.offsets[i] <= column.offsets[i + 1];
  if (!sound) throw corrupt("the text of " + name + " does not fit its offsets");
}

// The column's bytes where they lie, with their sizes checked.
Column view_column(const State& state, const std::string& name, Type type, size_t rows) {
  Column column;
  column.type = type;
  column.length = int64_t(rows);
  auto view = [&](auto values, size_t expected) {
    if (values.size() != expected) throw corrupt("column " + name + " is of another length");
    column.data = values.data();
  };
  switch (type) {
    case Type::boolean:
      view(state.get<uint8_t>(name + ".values"), rows);
      break;
    case Type::string: {
      auto offsets = state.get<int32_t>(name + ".offsets");
      auto bytes = state.get<uint8_t>(name + ".values");
      if (offsets.size() != rows + 1) throw corrupt("column " + name + " is of another length");
      column.offsets = offsets.data();
      column.data = bytes.data();
      check_text(column, bytes.size(), name);
      break;
    }
    case Type::float64:
      view(state.get<double>(name + ".values"), rows);
      break;
    case Type::date:
      view(state.get<int32_t>(name + ".values"), rows);
      break;
    default:
      view(state.get<int64_t>(name + ".values"), rows);
  }
  if (state.has(name + ".validity")) {
    auto validity = state.get<uint8_t>(name + ".validity");
    if (validity.size() != (rows + 7) / 8) throw corrupt("column " + name + " has odd nulls");
    column.validity = validity.data();
  }
  return column;
}

}  // namespace

bool comparable(Type a, Type b) { return a == b || (is_number(a) && is_number(b)); }

FrozenTable::FrozenTable(State state) : state_(std::move(state)) {
  auto rows = state_.at<int64_t>("rows");
  if (rows < 0 || rows > int64_t(1) << 30) throw corrupt("the count of rows is odd");
  rows_ = size_t(rows);
  slots_ = state_.get<uint32_t>("slots");
  if (!std::has_single_bit(slots_.size())) throw corrupt("the index is of an odd size");
  size_t used = 0;
  for (uint32_t slot : slots_) {
    if (slot > rows_) throw corrupt("the index points past the last row");
    used += slot != 0;
  }
  if (used == slots_.size()) throw corrupt("the index is full");  // a search would not end
  read_state("rule lookup", [&] {
    for (const auto& column : state_.at<nlohmann::json>("columns")) {
      Type type = parse_type(column.at("type").get<std::string>());
      auto view = view_column(state_, column.at("name").get<std::string>(), type, rows_);
      bool key = column.at("key").get<bool>();
      if (key && view.validity != nullptr) throw corrupt("a key is null");
      (key ? keys_ : values_).push_back(view);
    }
  });
}

namespace {

constexpr uint64_t key_seed = 0x51ed270b07a1c5e9ULL;

}  // namespace

uint64_t FrozenTable::hash_key(std::span<const Column* const> cells, int64_t i) {
  uint64_t hash = key_seed;
  for (const Column* cell : cells) hash = combine64(hash, hash_cell(*cell, i));
  return hash;
}

template <class Equal>
uint32_t FrozenTable::search(uint64_t hash, const Equal& equal) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    if (equal(slots_[at] - 1)) return slots_[at] - 1;
  }
  return no_row;
}

uint32_t FrozenTable::find(std::span<const Column* const> cells, int64_t i) const {
  for (const Column* cell : cells) {
    if (cell->is_null(i)) return no_row;
  }
  return search(hash_key(cells, i), [&](uint32_t row) {
    bool equal = true;
    for (size_t k = 0; k < cells.size() && equal; ++k)
      equal = equal_cells(keys_[k], row, *cells[k], i);
    return equal;
  });
}

void FrozenTable::find_all(std::span<const Column* const> cells, int64_t n, uint32_t* found) const {
  if (cells.size() != 1 || cells[0]->type != Type::int64 || keys_[0].type != Type::int64) {
    for (int64_t i = 0; i < n; ++i) found[i] = find(cells, i);
    return;
  }
  // The usual key, without asking each cell for its type.
  const int64_t* keys = keys_[0].values<int64_t>();
  for (int64_t i = 0; i < n; ++i) {
    const int64_t key = cells[0]->values<int64_t>()[i];
    found[i] = cells[0]->is_null(i) ? no_row
                                    : search(combine64(key_seed, hash_number(key)),
                                             [&](uint32_t row) { return keys[row] == key; });
  }
}

namespace {

template <class T>
void gather_numbers(const Column& column, const uint32_t* rows, int64_t n, ColumnBuffer& out) {
  T* cells = out.resize<T>(n);
  const T* from = column.values<T>();
  bool nulls = false;
  for (int64_t i = 0; i < n; ++i) {
    bool found = rows[i] != FrozenTable::no_row;
    cells[i] = found ? from[rows[i]] : T(0);
    nulls |= !found || column.is_null(rows[i]);
  }
  if (!nulls) return;
  uint8_t* validity = out.validity();
  for (int64_t i = 0; i < n; ++i) {
    if (rows[i] == FrozenTable::no_row || column.is_null(rows[i])) clear_bit(validity, i);
  }
}

}  // namespace

void FrozenTable::gather(size_t value, const uint32_t* rows, int64_t n, ColumnBuffer& out,
                         Scratch& scratch) const {
  const Column& column = values_[value];
  switch (column.type) {
    case Type::float64:
      return gather_numbers<double>(column, rows, n, out);
    case Type::date:
      return gather_numbers<int32_t>(column, rows, n, out);
    case Type::int64:
    case Type::timestamp:
    case Type::timestamptz:
      return gather_numbers<int64_t>(column, rows, n, out);
    default:
      break;
  }
  for (int64_t i = 0; i < n; ++i) {
    if (rows[i] == no_row || column.is_null(rows[i]))
      out.append_null();
    else if (column.type == Type::boolean)
      out.append(frozen_boolean(column, rows[i]));
    else {
      const std::string_view text = column.string(rows[i]);
      scratch.count_text(text.size());
      out.append(text);
    }
  }
}

FrozenTable FrozenTable::with_values(const std::vector<size_t>& kept) const {
  State state;
  nlohmann::json columns = nlohmann::json::array();
  auto keep = [&](const nlohmann::json& column, const std::string& as) {
    auto name = column.at("name").get<std::string>();
    for (const char* part : {".values", ".offsets", ".validity"}) {
      auto array = state_.arrays().find(name + part);
      if (array != state_.arrays().end()) state.put(as + part, array->second);
    }
    columns.push_back({{"name", as}, {"type", column.at("type")}, {"key", column.at("key")}});
  };
  std::vector<nlohmann::json> values;
  for (const auto& column : state_.json.at("columns")) {
    if (column.at("key").get<bool>())
      keep(column, column.at("name"));
    else
      values.push_back(column);
  }
  for (size_t i = 0; i < kept.size(); ++i) keep(values[kept[i]], fmt::format("value{}", i));
  state.put("slots", state_.arrays().at("slots"));
  state.json = {{"rows", rows_}, {"columns", columns}};
  return FrozenTable(std::move(state));
}

}  // namespace gristmill
