#include "clean/impute_groups.h"

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "frame/cell.h"
#include "frame/one_batch.h"

namespace gristmill {
namespace {

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

Groups::Groups(std::vector<Field> by) : by_(std::move(by)), keys_(Schema(by_)) {}

uint32_t Groups::number_of(const Batch& keys, int64_t row) {
  std::string bytes;
  for (const Column& key : keys.columns) {
    if (key.is_null(row)) return none;
    append_canonical(key, row, bytes);
  }
  const auto [at, added] = numbers_.try_emplace(std::move(bytes), uint32_t(numbers_.size()));
  if (!added) return at->second;
  if (numbers_.size() > most)
    throw Error(Code::exhausted,
                fmt::format("rule impute: there are more than {} groups by {}", most,
                            fmt::join(names_of(by_), ", ")),
                {}, "group by fewer columns, or by one with fewer values");
  keys_.append(keys, row, 1);
  return at->second;
}

std::vector<uint32_t> Groups::observe(const Batch& rows) {
  Batch keys{&keys_.schema(), rows.rows, {}};
  for (const Field& field : by_)
    keys.columns.push_back(
        rows.columns[bound_column(*rows.schema, field.name, field.type, "rule impute")]);
  std::vector<uint32_t> numbers(static_cast<size_t>(rows.rows));
  for (int64_t i = 0; i < rows.rows; ++i) numbers[size_t(i)] = number_of(keys, i);
  return numbers;
}

std::vector<uint32_t> Groups::merge(const Groups& later) { return observe(later.keys_.view()); }

FrozenTable Groups::freeze(const std::vector<std::optional<Constant>>& values, Type type) const {
  std::vector<Field> fields;
  std::vector<std::string> names;
  for (const Field& field : by_) {
    names.push_back(fmt::format("key{}", fields.size()));
    fields.push_back({names.back(), field.type, true});
  }
  fields.push_back({"value", type, true});
  BatchBuffer rows{Schema(fields)};
  const Batch keys = keys_.view();
  for (size_t group = 0; group < size(); ++group) {
    if (!values[group]) continue;
    for (size_t k = 0; k < by_.size(); ++k) rows[k].append(keys.columns[k], int64_t(group), 1);
    append_value(rows[by_.size()], *values[group]);
  }
  OneBatch reader(rows.view());
  return FrozenTable::build(reader, names, {"value"}, "the groups", "rule impute");
}

}  // namespace gristmill
