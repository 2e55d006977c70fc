#include "frame/schema.h"

#include <unordered_set>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

constexpr std::string_view type_names[] = {"boolean", "int64",     "float64",    "string",
                                           "date",    "timestamp", "timestamptz"};

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

Schema::Schema(std::vector<Field> fields) : fields_(std::move(fields)) {
  std::unordered_set<std::string_view> names;
  for (const Field& field : fields_)
    if (!names.insert(field.name).second) throw duplicate(field.name);
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  names.reserve(fields_.size());
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

int Schema::find(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name) return int(i);
  return -1;
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
  return fields_.size() - 1;
}

void Schema::replace(size_t i, Field field) {
  int taken = find(field.name);
  if (taken >= 0 && size_t(taken) != i) throw duplicate(field.name);
  fields_.at(i) = std::move(field);
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
