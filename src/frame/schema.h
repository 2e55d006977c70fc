// What columns a table has. The seven types in which rows move; sources convert theirs to these
// (decimals and 128-bit integers become float64, small integers int64, all else text).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

enum class Type : uint8_t {
  boolean,      // bitmap, LSB first
  int64,        // int64_t
  float64,      // double
  string,       // UTF-8; int32_t offsets and bytes
  date,         // int32_t, days since 1970-01-01
  timestamp,    // int64_t, microseconds since 1970-01-01T00:00:00 of a wall clock without a zone
  timestamptz,  // int64_t, microseconds since the Unix epoch: an instant
};

std::string_view name_of(Type type);
Type parse_type(std::string_view name);  // Code::corrupt
bool is_number(Type type);               // int64, float64
bool is_time(Type type);                 // date, timestamp, timestamptz
size_t width_of(Type type);              // bytes a value; 0 for boolean and string

struct Field {
  std::string name;
  Type type = Type::string;
  bool nullable = true;
  bool operator==(const Field&) const = default;
};

// Columns in order; names are unique and compared exactly.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields);  // Code::invalid on a name that occurs twice

  size_t size() const { return fields_.size(); }
  const Field& operator[](size_t i) const { return fields_[i]; }
  const std::vector<Field>& fields() const { return fields_; }
  std::vector<std::string> names() const;

  int find(std::string_view name) const;  // index, or -1. O(1)
  // Index; Code::not_found naming `owner` and the nearest column otherwise.
  size_t index_of(std::string_view name, std::string_view owner) const;

  size_t add(Field field);  // appended; its index. Code::invalid when the name is taken
  void replace(size_t i, Field field);

  bool operator==(const Schema& other) const { return fields_ == other.fields_; }
  nlohmann::json json() const;  // [{"name", "type", "nullable"}]
  static Schema from_json(const nlohmann::json& json);

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  void index(size_t i);

  std::vector<Field> fields_;
  std::unordered_map<std::string, size_t, TextHash, std::equal_to<>> by_name_;  // of many
};

}  // namespace gristmill
