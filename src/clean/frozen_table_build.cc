// How a reference table is frozen.
#include <bit>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/frozen_table.h"
#include "frame/cell.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

// Values of nulls, and bits past the end, become 0: equal tables freeze to equal bytes.
template <class T>
std::vector<T> cells_of(const Column& column) {
  std::vector<T> cells(size_t(column.length), T(0));
  for_present(column, [&](int64_t i) {
    if constexpr (std::is_same_v<T, uint8_t>)
      cells[size_t(i)] = column.boolean(i);
    else
      cells[size_t(i)] = column.values<T>()[i];
  });
  return cells;
}

void put_column(State& state, const std::string& name, const Column& column) {
  switch (column.type) {
    case Type::boolean:
      state.put(name + ".values", cells_of<uint8_t>(column));
      break;
    case Type::string: {
      std::vector<int32_t> offsets(column.offsets, column.offsets + column.length + 1);
      const auto* bytes = static_cast<const uint8_t*>(column.data);
      std::vector<uint8_t> values(bytes, bytes + offsets.back());
      state.put(name + ".offsets", std::move(offsets));
      state.put(name + ".values", std::move(values));
      break;
    }
    case Type::float64:
      state.put(name + ".values", cells_of<double>(column));
      break;
    case Type::date:
      state.put(name + ".values", cells_of<int32_t>(column));
      break;
    default:
      state.put(name + ".values", cells_of<int64_t>(column));
  }
  if (column.null_count() == 0) return;
  std::vector<uint8_t> validity(size_t(column.length + 7) / 8, 0);
  for_present(column, [&](int64_t i) { set_bit(validity.data(), i); });
  state.put(name + ".validity", std::move(validity));
}

std::string key_text(const std::vector<Column>& keys, int64_t row) {
  std::vector<std::string> cells;
  for (const Column& key : keys) cells.push_back(report_text(key, row));
  return fmt::format("{}", fmt::join(cells, ", "));
}

std::string key_bytes(const std::vector<Column>& keys, int64_t row) {
  std::string bytes;
  for (const Column& key : keys) append_canonical(key, row, bytes);
  return bytes;
}

// Rows of `keys` in a table of slots. A key that occurs twice is Code::invalid.
std::vector<uint32_t> index_keys(const std::vector<Column>& keys, int64_t rows,
                                 const std::vector<std::string>& names, const std::string& table,
                                 const std::string& owner) {
  std::vector<uint32_t> slots(std::bit_ceil(size_t(rows) * 2 + 1), 0);
  const size_t mask = slots.size() - 1;
  std::vector<const Column*> cells;
  for (const Column& key : keys) cells.push_back(&key);
  std::vector<uint64_t> hashes(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t hash = hashes[size_t(row)] = FrozenTable::hash_key(cells, row);
    size_t at = hash & mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
      const int64_t other = slots[at] - 1;
      if (hashes[size_t(other)] != hash || key_bytes(keys, other) != key_bytes(keys, row)) continue;
      Where where;
      where.table = table;
      throw Error(Code::invalid,
                  fmt::format("{}: {} is not unique in {}: {} occurs twice", owner,
                              fmt::join(names, ", "), table, key_text(keys, row)),
                  where, "make the table unique in its SQL, or take another key");
    }
    slots[at] = uint32_t(row + 1);
  }
  return slots;
}

// All rows of a reader that have a key.
BatchBuffer read_all(BatchReader& reader, const std::vector<size_t>& keys, const Schema& schema,
                     const std::vector<size_t>& columns, const std::string& name,
                     const std::string& owner) {
  BatchBuffer all(schema);
  Batch batch;
  std::vector<uint8_t> keep;
  while (reader.next(batch)) {
    keep.assign(size_t(batch.rows + 7) / 8, 0);
    for (int64_t i = 0; i < batch.rows; ++i) {
      bool whole = true;
      for (size_t key : keys) whole = whole && !batch.columns[key].is_null(i);
      if (whole) set_bit(keep.data(), i);
    }
    Batch chosen{&schema, batch.rows, {}};
    for (size_t column : columns) chosen.columns.push_back(batch.columns[column]);
    all.append_selected(chosen, keep.data());
    // Twice: buffers grow by doubling.
    if (all.memory() > FrozenTable::bytes_most * 2)
      throw Error(
          Code::exhausted,
          fmt::format("{}: {} is too large: what is taken of it would be more than {} MB in "
                      "every bundle",
                      owner, name, FrozenTable::bytes_most >> 20),
          {}, "take fewer columns, or join it in the table's SQL");
  }
  return all;
}

}  // namespace

void check_frozen_size(size_t bytes, const std::string& name, const std::string& owner) {
  if (bytes <= FrozenTable::bytes_most) return;
  throw Error(Code::exhausted,
              fmt::format("{}: what is taken of {} is {} MB, and would be in every bundle; at most "
                          "{} MB",
                          owner, name, bytes >> 20, FrozenTable::bytes_most >> 20),
              {}, "take fewer columns, or join it in the table's SQL");
}

FrozenTable FrozenTable::build(BatchReader& reader, const std::vector<std::string>& keys,
                               const std::vector<std::string>& values, const std::string& name,
                               const std::string& owner) {
  std::vector<size_t> key_columns, columns;
  std::vector<Field> fields;
  nlohmann::json described = nlohmann::json::array();
  auto choose = [&](const std::string& column, const std::string& as, bool key) {
    size_t i = reader.schema().index_of(column, owner + ", table " + name);
    if (key) key_columns.push_back(i);
    columns.push_back(i);
    fields.push_back({as, reader.schema()[i].type, true});
    described.push_back({{"name", as}, {"type", name_of(fields.back().type)}, {"key", key}});
  };
  for (size_t i = 0; i < keys.size(); ++i) choose(keys[i], fmt::format("key{}", i), true);
  for (size_t i = 0; i < values.size(); ++i) choose(values[i], fmt::format("value{}", i), false);

  const Schema schema(fields);
  BatchBuffer all = read_all(reader, key_columns, schema, columns, name, owner);
  const Batch rows = all.view();
  if (rows.rows > int64_t(1) << 30) throw Error(Code::exhausted, name + " has too many rows");
  State state;
  state.put("slots", index_keys({rows.columns.begin(), rows.columns.begin() + int64_t(keys.size())},
                                rows.rows, keys, name, owner));
  for (size_t i = 0; i < fields.size(); ++i) put_column(state, fields[i].name, rows.columns[i]);
  state.json = {{"rows", rows.rows}, {"columns", described}};
  check_frozen_size(state.bytes(), name, owner);
  return FrozenTable(std::move(state));
}

}  // namespace gristmill
