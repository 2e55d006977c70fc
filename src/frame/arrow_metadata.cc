// Arrow's flatbuffers → ArrowMessage.
#include <fmt/format.h>

#include <cstring>
#include <span>

#include "frame/arrow_message.h"

namespace gristmill {

namespace {

constexpr int nesting_max = 64;
constexpr size_t fields_max =
    100000;  // flatbuffers can share parts: a small one may describe a lot

// Bounds-checked reading of a flatbuffer (flatbuffers.dev, "FlatBuffer Internals").
class Flat {
 public:
  explicit Flat(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T at(size_t position) const {
    if (position > bytes_.size() || bytes_.size() - position < sizeof(T)) {
      fail_arrow("its metadata is cut or damaged");
    }
    T value;
    std::memcpy(&value, bytes_.data() + position, sizeof(T));
    return value;
  }
  // Where the offset at `position` leads.
  size_t follow(size_t position) const { return position + at<uint32_t>(position); }
  std::string_view slice(size_t position, size_t size) const {
    if (position > bytes_.size() || bytes_.size() - position < size) {
      fail_arrow("its metadata is cut or damaged");
    }
    return bytes_.substr(position, size);
  }

 private:
  std::string_view bytes_;
};

// A table: fields by number, absent ones have their default.
class Table {
 public:
  Table(const Flat& flat, size_t position) : flat_(&flat), position_(position) {
    const int64_t vtable = int64_t(position) - flat.at<int32_t>(position);
    if (vtable < 0) fail_arrow("its metadata is damaged");
    vtable_ = size_t(vtable);
    vtable_size_ = flat.at<uint16_t>(vtable_);
  }

  template <class T>
  T value(int field, T otherwise) const {
    const size_t at = find(field);
    return at == 0 ? otherwise : flat_->at<T>(at);
  }
  bool has(int field) const { return find(field) != 0; }
  Table table(int field) const {
    const size_t at = find(field);
    if (at == 0) fail_arrow("its metadata lacks a part");
    return Table(*flat_, flat_->follow(at));
  }
  std::string text(int field) const {
    const size_t at = find(field);
    if (at == 0) return "";
    const size_t begin = flat_->follow(at);
    return std::string(flat_->slice(begin + 4, flat_->at<uint32_t>(begin)));
  }
  // Structs or scalars of type T.
  template <class T>
  void values(int field, std::vector<T>& out) const {
    out.clear();
    const size_t at = find(field);
    if (at == 0) return;
    const size_t begin = flat_->follow(at);
    const size_t count = flat_->at<uint32_t>(begin);
    const std::string_view bytes = flat_->slice(begin + 4, count * sizeof(T));
    out.resize(count);
    if (count > 0) std::memcpy(out.data(), bytes.data(), bytes.size());
  }
  std::vector<Table> tables(int field) const {
    std::vector<Table> out;
    const size_t at = find(field);
    if (at == 0) return out;
    const size_t begin = flat_->follow(at);
    const size_t count = flat_->at<uint32_t>(begin);
    flat_->slice(begin + 4, count * 4);
    for (size_t i = 0; i < count; ++i) out.emplace_back(*flat_, flat_->follow(begin + 4 + i * 4));
    return out;
  }

 private:
  size_t find(int field) const {
    const size_t entry = 4 + 2 * size_t(field);
    if (entry + 2 > vtable_size_) return 0;
    const uint16_t offset = flat_->at<uint16_t>(vtable_ + entry);
    return offset == 0 ? 0 : position_ + offset;
  }

  const Flat* flat_;
  size_t position_;
  size_t vtable_ = 0;
  size_t vtable_size_ = 0;
};

void parse_type(const Table& type, ArrowField& field) {
  switch (field.kind) {
    case ArrowKind::integer:
      field.bits = type.value<int32_t>(0, 0);
      field.is_signed = type.value<uint8_t>(1, 0) != 0;
      break;
    case ArrowKind::floating:
      field.bits = 16 << (type.value<int16_t>(0, 0) & 3);
      break;
    case ArrowKind::decimal:
      field.scale = type.value<int32_t>(1, 0);
      field.bits = type.value<int32_t>(2, 128);
      break;
    case ArrowKind::date:
      field.unit = type.value<int16_t>(0, 1);
      break;
    case ArrowKind::timestamp:
      field.unit = type.value<int16_t>(0, 0);
      field.has_zone = !type.text(1).empty();
      break;
    case ArrowKind::union_of:
      field.dense_union = type.value<int16_t>(0, 0) == 1;
      break;
    default:
      break;
  }
}

ArrowField parse_field(const Table& table, int depth, size_t& count) {
  if (depth > nesting_max) fail_arrow("its types are nested too deeply");
  if (++count > fields_max) fail_arrow(fmt::format("it has more than {} fields", fields_max));
  ArrowField field;
  field.name = table.text(0);
  field.kind = ArrowKind(table.value<uint8_t>(2, 0));
  if (table.has(3)) parse_type(table.table(3), field);
  if (table.has(4)) {
    const Table dictionary = table.table(4);
    field.dictionary = dictionary.value<int64_t>(0, 0);
    if (dictionary.has(1)) {
      const Table index = dictionary.table(1);
      field.index_bits = index.value<int32_t>(0, 32);
      field.index_signed = index.value<uint8_t>(1, 0) != 0;
    }
  }
  for (const Table& child : table.tables(5)) {
    field.children.push_back(parse_field(child, depth + 1, count));
  }
  return field;
}

void parse_schema(const Table& schema, ArrowMessage& message) {
  if (schema.value<int16_t>(0, 0) != 0) fail_arrow("it is big-endian, which is not supported");
  message.kind = ArrowMessage::Kind::schema;
  message.fields.clear();
  size_t count = 0;
  for (const Table& field : schema.tables(1)) {
    message.fields.push_back(parse_field(field, 0, count));
  }
}

void parse_batch(const Table& batch, ArrowMessage& message) {
  message.length = batch.value<int64_t>(0, 0);
  batch.values(1, message.nodes);
  batch.values(2, message.buffers);
  batch.values(4, message.variadic);
  message.codec = ArrowCodec::none;
  if (!batch.has(3)) return;
  message.codec = ArrowCodec(batch.table(3).value<uint8_t>(0, 0));
  if (message.codec != ArrowCodec::lz4 && message.codec != ArrowCodec::zstd) {
    fail_arrow("it is compressed in an unknown way");
  }
}

}  // namespace

void fail_arrow(const std::string& reason) {
  throw Error(Code::invalid, "the Arrow data cannot be read: " + reason);
}

int64_t parse_arrow_message(std::string_view metadata, ArrowMessage& message) {
  const Flat flat(metadata);
  const Table root(flat, flat.follow(0));
  message.version = root.value<int16_t>(0, 0);
  if (message.version < 3 || message.version > 4) {
    fail_arrow(fmt::format("its metadata version V{} is not supported", message.version + 1));
  }
  switch (root.value<uint8_t>(1, 0)) {
    case 1:
      parse_schema(root.table(2), message);
      break;
    case 2: {
      const Table dictionary = root.table(2);
      message.kind = ArrowMessage::Kind::dictionary;
      message.dictionary_id = dictionary.value<int64_t>(0, 0);
      message.is_delta = dictionary.value<uint8_t>(2, 0) != 0;
      parse_batch(dictionary.table(1), message);
      break;
    }
    case 3:
      message.kind = ArrowMessage::Kind::batch;
      parse_batch(root.table(2), message);
      break;
    default:
      fail_arrow("it holds messages other than record batches");
  }
  return root.value<int64_t>(3, 0);
}

std::string ArrowField::type_name() const {
  static constexpr const char* names[] = {
      "nothing",   "null",         "int",        "float",      "binary",    "utf8",
      "bool",      "decimal",      "date",       "time",       "timestamp", "interval",
      "list",      "struct",       "union",      "binary",     "list",      "map",
      "duration",  "large_binary", "large_utf8", "large_list", "run_ends",  "binary_view",
      "utf8_view", "list_view",    "list_view"};
  static constexpr const char* units[] = {"s", "ms", "us", "ns"};
  std::string name = size_t(kind) < std::size(names) ? names[size_t(kind)] : "unknown";
  if (kind == ArrowKind::integer) name = fmt::format("{}int{}", is_signed ? "" : "u", bits);
  if (kind == ArrowKind::floating) name += std::to_string(bits);
  if (kind == ArrowKind::decimal) name += fmt::format("{} of scale {}", bits, scale);
  if (kind == ArrowKind::timestamp) {
    name += fmt::format("[{}]{}", units[unit & 3], has_zone ? " with a zone" : "");
  }
  return dictionary ? "dictionary of " + name : name;
}

}  // namespace gristmill
