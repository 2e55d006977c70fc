#include "bundle/wrap_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "feature/levels.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr size_t most_levels = 1'000'000;  // of an encoder `category`
constexpr size_t most_features = 20'000;   // a signature names them all, in at most 16 MB
constexpr size_t most_choices = 50;        // shown in a signature

std::vector<std::string> feature_names(const ForeignTrees& model) {
  if (model.features.size() > most_features)
    throw Error(Code::exhausted, fmt::format("the model has {} features, a bundle at most {}",
                                             model.features.size(), most_features));
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (size_t f = 0; f < model.features.size(); ++f) {
    const std::string& given = model.features[f].name;
    names.push_back(given.empty() ? fmt::format("f{}", f) : given);
    if (!is_utf8(names.back()))
      throw Error(Code::corrupt, fmt::format("the name of feature {} is not UTF-8", f + 1));
    if (!seen.insert(names.back()).second)
      throw Error(Code::corrupt,
                  fmt::format("two features of the model are called {}", excerpt(names.back())));
  }
  return names;
}

// Names that nobody gave.
bool has_names(const ForeignTrees& model) {
  for (size_t f = 0; f < model.features.size(); ++f) {
    const std::string& name = model.features[f].name;
    if (!name.empty() && name != fmt::format("Column_{}", f) && name != fmt::format("f{}", f))
      return true;
  }
  return false;
}

// The column that the schema has for each feature; null where it has none.
std::vector<const WrapColumn*> match(const ForeignTrees& model, const WrapSchema& schema,
                                     std::vector<std::string>& names,
                                     std::vector<std::string>& ignored) {
  std::vector<const WrapColumn*> found(names.size(), nullptr);
  if (schema.columns.empty()) return found;
  if (!has_names(model)) {
    if (schema.columns.size() != names.size())
      throw Error(Code::invalid,
                  fmt::format("the model has {} features without names, but the schema {} columns",
                              names.size(), schema.columns.size()),
                  schema.where, "give exactly the features, in the order that it was trained on");
    for (size_t f = 0; f < names.size(); ++f) {
      found[f] = &schema.columns[f];
      names[f] = schema.columns[f].name;
    }
    return found;
  }
  for (const WrapColumn& column : schema.columns) {
    const auto at = std::find(names.begin(), names.end(), column.name);
    if (at != names.end()) {
      found[size_t(at - names.begin())] = &column;
    } else if (schema.more_columns) {
      ignored.push_back(column.name);
    } else {
      throw Error(Code::invalid, fmt::format("the model has no feature {}", excerpt(column.name)),
                  column.where, did_you_mean(column.name, names));
    }
  }
  if (!schema.more_columns) return found;
  const auto absent = std::find(found.begin(), found.end(), nullptr);
  if (absent != found.end()) {
    const std::string& name = names[size_t(absent - found.begin())];
    throw Error(Code::invalid,
                fmt::format("the model's feature {} is no column of the schema", excerpt(name)),
                schema.where, did_you_mean(name, ignored));
  }
  return found;
}

[[noreturn]] void refuse_levels(const std::string& column, const std::string& what) {
  throw Error(Code::invalid, fmt::format("the categories of {} {}", excerpt(column), what), {},
              "list them in a schema, in the order of their codes: text, whole numbers, or "
              "booleans");
}

// A float that is whole is one of pandas' that stood beside a missing value.
bool is_whole(const json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>() &&
          std::abs(value.get<double>()) < 9e15);
}

Type type_of_levels(const std::string& column, const json& levels) {
  if (!levels.is_array() || levels.empty()) refuse_levels(column, "are no list");
  if (levels.size() > most_levels) refuse_levels(column, "are more than a million");
  auto all = [&](auto is) { return std::all_of(levels.begin(), levels.end(), is); };
  if (all([](const json& value) { return value.is_string(); })) return Type::string;
  if (all([](const json& value) { return value.is_boolean(); })) return Type::boolean;
  if (all(is_whole)) return Type::int64;
  refuse_levels(column, "are not all of one kind");
}

std::string level_bytes(const std::string& column, Type type, const json& value) {
  if (type == Type::string) {
    std::string text = value.get<std::string>();
    if (text.size() > LevelCounts::max_length) refuse_levels(column, "are longer than 256 bytes");
    if (!is_utf8(text)) refuse_levels(column, "are not UTF-8");
    return text;
  }
  const int64_t number = type == Type::boolean ? int64_t(value.get<bool>()) : value.get<int64_t>();
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

void set_levels(WrappedColumn& column, const json& levels) {
  const std::string& name = column.field.name;
  column.category = true;
  column.field.type = type_of_levels(name, levels);
  std::set<std::string> seen;
  for (const json& value : levels) {
    column.levels.push_back(level_bytes(name, column.field.type, value));
    if (!seen.insert(column.levels.back()).second)
      refuse_levels(name, fmt::format("hold {} twice", value.dump()));
  }
  column.level_numbers.resize(levels.size());
  std::iota(column.level_numbers.begin(), column.level_numbers.end(), 0);
  if (column.field.type == Type::string && levels.size() <= most_choices) column.choices = levels;
}

// Without names requests give the numbers of categories; those that no split asks of are all one.
void set_numbers(WrappedColumn& column, const std::vector<int32_t>& numbers) {
  column.category = true;
  column.field.type = Type::int64;
  column.level_numbers = numbers;
  for (const int32_t number : numbers)
    column.levels.push_back(level_bytes(column.field.name, Type::int64, number));
}

void check_kind(const ForeignTrees::Feature& feature, const WrapColumn& column) {
  if (!feature.category || column.kind == WrapColumn::Kind::category ||
      column.kind == WrapColumn::Kind::unsaid)
    return;
  throw Error(
      Code::invalid,
      fmt::format("the model takes {} as a category, the schema as {}", excerpt(column.name),
                  column.kind == WrapColumn::Kind::number ? "a number" : "a boolean"),
      column.where, "list its categories in the order of their codes");
}

}  // namespace

std::vector<WrappedColumn> wrapped_columns(const ForeignTrees& model, const WrapSchema& schema,
                                           std::vector<std::string>& ignored,
                                           std::vector<std::string>& notes) {
  std::vector<std::string> names = feature_names(model);
  const std::vector<const WrapColumn*> given = match(model, schema, names, ignored);
  const std::vector<std::vector<int32_t>> numbers = categories_of(model);
  std::vector<std::string> unnamed;
  std::vector<WrappedColumn> columns(names.size());
  for (size_t f = 0; f < names.size(); ++f) {
    const ForeignTrees::Feature& feature = model.features[f];
    WrappedColumn& column = columns[f];
    column.field = {names[f], Type::float64, true};
    if (given[f] != nullptr) check_kind(feature, *given[f]);
    const auto kind = given[f] == nullptr ? WrapColumn::Kind::unsaid : given[f]->kind;
    const json& levels =
        given[f] != nullptr && !given[f]->levels.is_null() ? given[f]->levels : feature.levels;
    if (!levels.is_null()) {
      set_levels(column, levels);
      if (feature.levels.is_array() && feature.levels.size() != levels.size())
        refuse_levels(names[f], fmt::format("are {} in the model, but {} in the schema",
                                            feature.levels.size(), levels.size()));
      if (!numbers[f].empty() && size_t(numbers[f].back()) >= levels.size())
        refuse_levels(names[f], fmt::format("are {}, but the trees split on number {}",
                                            levels.size(), numbers[f].back()));
    } else if (feature.category) {
      set_numbers(column, numbers[f]);
      unnamed.push_back(names[f]);
    } else if (kind == WrapColumn::Kind::category) {
      throw Error(Code::invalid,
                  fmt::format("the model takes {} as a number, but it is text", excerpt(names[f])),
                  given[f]->where);
    } else if (kind == WrapColumn::Kind::boolean ||
               (kind == WrapColumn::Kind::unsaid && feature.boolean)) {
      column.field.type = Type::boolean;
    }
  }
  if (!unnamed.empty())
    notes.push_back(fmt::format(
        "requests give categories as their numbers, for the model does not name them (a schema "
        "can): {}",
        fmt::join(unnamed, ", ")));
  return columns;
}

}  // namespace gristmill
