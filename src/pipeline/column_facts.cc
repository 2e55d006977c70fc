#include "pipeline/column_facts.h"

#include <algorithm>
#include <cmath>

#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr size_t max_choices = 50;
constexpr size_t max_choice_bytes = 100;

// An int64 or a time as JSON, through a column of one value.
nlohmann::json value_json(Type type, int64_t value) {
  ColumnBuffer one(type);
  if (type == Type::date) {
    one.append_days(int32_t(value));
  } else {
    one.append(value);
  }
  return cell_json(one.view(), 0);
}

}  // namespace

ColumnFacts::ColumnFacts(const Schema& schema) : schema_(schema), columns_(schema.size()) {}

void ColumnFacts::observe(const Batch& rows, const Batch& cleaned, const uint8_t* kept) {
  for (size_t c = 0; c < columns_.size(); ++c) {
    observe_column(rows.columns[c], kept, columns_[c]);
    const Column& after = cleaned.columns[c];
    for (int64_t i = 0; after.validity != nullptr && i < after.length; ++i)
      columns_[c].nulls += after.is_null(i);
  }
}

void ColumnFacts::observe_column(const Column& column, const uint8_t* kept, One& one) {
  for (int64_t i = 0; i < column.length; ++i) {
    if (column.is_null(i)) {
      ++one.nulls;
      continue;
    }
    if (!get_bit(kept, i)) continue;
    if (!one.seen) one.example = cell_json(column, i);  // null for NaN: the next one is taken
    switch (column.type) {
      case Type::float64: {
        const double value = column.values<double>()[i];
        if (std::isnan(value)) {  // missing to rules and encoders; JSON can only say null
          ++one.nulls;
          continue;
        }
        one.low = one.seen ? std::min(one.low, value) : value;
        one.high = one.seen ? std::max(one.high, value) : value;
        break;
      }
      case Type::string: {
        if (one.many) break;
        const std::string_view text = column.string(i);
        one.many = text.size() > max_choice_bytes;
        if (!one.many) one.choices.emplace(text);
        one.many = one.many || one.choices.size() > max_choices;
        if (one.many) one.choices.clear();
        break;
      }
      case Type::boolean:
        break;
      default: {
        const int64_t value =
            column.type == Type::date ? column.values<int32_t>()[i] : column.values<int64_t>()[i];
        one.first = one.seen ? std::min(one.first, value) : value;
        one.last = one.seen ? std::max(one.last, value) : value;
      }
    }
    one.seen = true;
  }
}

void ColumnFacts::merge(const ColumnFacts& later) {
  for (size_t c = 0; c < columns_.size(); ++c) {
    One& a = columns_[c];
    const One& b = later.columns_[c];
    const int64_t nulls = a.nulls + b.nulls;
    if (!a.seen) {
      a = b;
    } else if (b.seen) {
      a.low = std::min(a.low, b.low);
      a.high = std::max(a.high, b.high);
      a.first = std::min(a.first, b.first);
      a.last = std::max(a.last, b.last);
      a.choices.insert(b.choices.begin(), b.choices.end());
      a.many = a.many || b.many || a.choices.size() > max_choices;
      if (a.many) a.choices.clear();
    }
    a.nulls = nulls;
  }
}

std::vector<SignatureField> ColumnFacts::fields(const std::vector<std::string>& key) const {
  std::vector<SignatureField> fields;
  for (size_t c = 0; c < columns_.size(); ++c) {
    const One& one = columns_[c];
    SignatureField field{.field = schema_[c], .example = one.example};
    field.key = std::find(key.begin(), key.end(), schema_[c].name) != key.end();
    field.field.nullable = one.nulls > 0 || field.key || !one.seen;
    const Type type = schema_[c].type;
    if (one.seen && type == Type::float64) {
      field.minimum = std::isfinite(one.low) ? nlohmann::json(one.low) : nlohmann::json();
      field.maximum = std::isfinite(one.high) ? nlohmann::json(one.high) : nlohmann::json();
    } else if (one.seen && (type == Type::int64 || is_time(type))) {
      field.minimum = value_json(type, one.first);
      field.maximum = value_json(type, one.last);
    } else if (one.seen && type == Type::string && !one.many) {
      field.choices = one.choices;
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace gristmill
