#include "frame/schema.h"

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

constexpr std::string_view type_names[] = {"boolean", "int64",     "float64",    "string",
                                           "date",    "timestamp", "timestamptz"};

constexpr size_t few = 32;  // are looked through as fast

Error duplicate(const std::string& name) {
  return Error(Code::invalid, "the column \"" + name + "\" occurs twice", {.field = name},
               "give one of them another name, e.g. with AS in the SQL");
}

}  // namespace

std::string_view name_of(Type type) { return type_names[size_t(type)]; }

Type parse_type(std::string_view name) {
  for (size_t i = 0; i < std::size(type_names); ++i)
    if (type_names[i] == name) return Type(i);
  throw Error(Code::corrupt, "unknown column type " + excerpt(name));
}

bool is_number(Type type) { return type == Type::int64 || type == Type::float64; }

bool is_time(Type type) {
  return type == Type::date || type == Type::timestamp || type == Type::timestamptz;
}

size_t width_of(Type type) {
  switch (type) {
    case Type::boolean:
    case Type::string:
      return 0;
    case Type::date:
      return 4;
    case Type::int64:
    case Type::float64:
    case Type::timestamp:
    case Type::timestamptz:
      return 8;
  }
  return 0;
}

Schema::Schema(std::vector<Field> fields) {
  fields_.reserve(fields.size());
  for (Field& field : fields) add(std::move(field));
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  names.reserve(fields_.size());
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

int Schema::find(std::string_view name) const {
  if (fields_.size() > few) {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? -1 : int(found->second);
  }
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name) return int(i);
  return -1;
}

// Or all, from the first on that makes them many.
void Schema::index(size_t i) {
  if (fields_.size() <= few) return;
  for (size_t k = by_name_.empty() ? 0 : i; k <= i; ++k) by_name_.emplace(fields_[k].name, k);
}

size_t Schema::index_of(std::string_view name, std::string_view owner) const {
  int index = find(name);
  if (index >= 0) return size_t(index);
  std::string text(name);
  throw Error(Code::not_found, std::string(owner) + ": there is no column \"" + text + "\"",
              {.field = text}, did_you_mean(name, names()));
}

size_t Schema::add(Field field) {
  if (find(field.name) >= 0) throw duplicate(field.name);
  fields_.push_back(std::move(field));
  index(fields_.size() - 1);
  return fields_.size() - 1;
}

void Schema::replace(size_t i, Field field) {
  int taken = find(field.name);
  if (taken >= 0 && size_t(taken) != i) throw duplicate(field.name);
  by_name_.erase(fields_.at(i).name);
  fields_[i] = std::move(field);
  index(i);
}

nlohmann::json Schema::json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Field& field : fields_)
    list.push_back(
        {{"name", field.name}, {"type", name_of(field.type)}, {"nullable", field.nullable}});
  return list;
}

Schema Schema::from_json(const nlohmann::json& json) {
  try {
    std::vector<Field> fields;
    if (!json.is_array()) throw Error(Code::corrupt, "a stored schema is not a list of columns");
    for (const nlohmann::json& field : json)
      fields.push_back({field.at("name").get<std::string>(),
                        parse_type(field.at("type").get<std::string>()),
                        field.at("nullable").get<bool>()});
    return Schema(std::move(fields));
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "a stored schema lacks a column's name, type or nullability");
  }
}

}  // namespace gristmill
