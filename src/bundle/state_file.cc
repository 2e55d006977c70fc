#include "bundle/state_file.h"

#include <cstring>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

namespace gristmill {
namespace {

constexpr char magic[8] = {'G', 'R', 'I', 'S', 'T', 'B', 'D', 'L'};
constexpr size_t alignment = 64;
constexpr size_t header_bytes = 24;  // magic, format version, CRC of the index, length of the index
constexpr size_t max_dimensions = 8;
// In memory JSON takes up to 25 times its text.
constexpr size_t max_json_bytes = size_t(16) << 20;

template <class T>
void append_value(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
T read_value(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

size_t aligned(size_t at) { return (at + alignment - 1) / alignment * alignment; }

struct Section {
  std::string name;
  nlohmann::json entry;
  std::string_view bytes;
};

// Positions depend on the index's length, which depends on their digits: they count from the end of
// the index.
std::string index_of(std::vector<Section>& sections) {
  size_t at = 0;
  nlohmann::json entries = nlohmann::json::array();
  for (Section& section : sections) {
    section.entry["name"] = section.name;
    section.entry["at"] = at;
    section.entry["size"] = section.bytes.size();
    section.entry["crc32c"] = crc32c(section.bytes);
    section.entry["sha256"] = Digest::of(section.bytes).hex();
    entries.push_back(section.entry);
    at = aligned(at + section.bytes.size());
  }
  return nlohmann::json{{"sections", entries}}.dump();
}

[[noreturn]] void corrupt(const std::string& name, const std::string& what) {
  throw Error(Code::corrupt, fmt::format("`{}` is not a whole bundle: {}", name, what), {},
              "copy or build it again");
}

nlohmann::json parsed(std::string_view text, const std::string& what, const std::string& name) {
  if (text.size() > max_json_bytes) {
    corrupt(name, fmt::format("its {} has {} MB, more than {} are not read", what,
                              text.size() >> 20, max_json_bytes >> 20));
  }
  return parse_json(text);
}

// What is written can be read again.
void check_json_size(std::string_view text, const char* hint) {
  if (text.size() <= max_json_bytes) return;
  throw Error(Code::exhausted,
              fmt::format("the bundle's description would have {} MB, more than {} are not read",
                          text.size() >> 20, max_json_bytes >> 20),
              {}, hint);
}

// JSON would turn fractions and negative numbers into some whole number without a word.
uint64_t whole(const nlohmann::json& value, const std::string& name) {
  if (!value.is_number_unsigned()) corrupt(name, "its index holds " + value.dump() + " for a size");
  return value.get<uint64_t>();
}

int64_t element_count(const std::vector<int64_t>& shape, const std::string& name) {
  if (shape.size() > max_dimensions) corrupt(name, "an array has too many dimensions");
  int64_t count = 1;
  for (int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) {
      corrupt(name, "an array has an impossible shape");
    }
  }
  return count;
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

// One entry of the index → its section in the state.
void read_section(const nlohmann::json& entry, std::string_view body, size_t& at, StateFile& file,
                  const std::shared_ptr<const void>& owner, const std::string& name) {
  const auto section = entry.at("name").get<std::string>();
  const auto begin = whole(entry.at("at"), name);
  const auto size = whole(entry.at("size"), name);
  if (begin != aligned(at) || begin > body.size() || size > body.size() - begin) {
    corrupt(name, fmt::format("section {} lies outside the file", section));
  }
  if (!all_zero(body.substr(at, begin - at))) corrupt(name, "padding is not zero");
  at = begin + size;
  const std::string_view bytes = body.substr(begin, size);
  // The version stands for these digests: it must name these bytes and no others.
  if (crc32c(bytes) != whole(entry.at("crc32c"), name) ||
      Digest::of(bytes).hex() != entry.at("sha256").get_ref<const std::string&>()) {
    corrupt(name, fmt::format("section {} has another checksum than when it was written", section));
  }
  file.section_bytes[section] = int64_t(size);
  if (entry.at("kind") == "json") {
    file.state.json = parsed(bytes, "manifest", name);
    return;
  }
  Array array{parse_dtype(entry.at("dtype").get<std::string>()),
              entry.at("shape").get<std::vector<int64_t>>(), bytes, owner};
  int64_t expected = 0;
  if (__builtin_mul_overflow(element_count(array.shape, name), int64_t(size_of(array.dtype)),
                             &expected) ||
      uint64_t(expected) != size) {
    corrupt(name, fmt::format("section {} does not fit its shape", section));
  }
  file.state.put(section, std::move(array));
}

}  // namespace

std::string write_state_file(const State& state) {
  const std::string json = state.json.dump();
  check_json_size(json, "a long `map` is better a table that `lookup` joins");
  std::vector<Section> sections{{"manifest", {{"kind", "json"}}, json}};
  for (const auto& [name, array] : state.arrays()) {
    sections.push_back(
        {name,
         {{"kind", "array"}, {"dtype", name_of(array.dtype)}, {"shape", array.shape}},
         array.bytes});
  }
  std::string index = index_of(sections);
  check_json_size(index, "the model has too many parts");
  index.append(aligned(header_bytes + index.size()) - header_bytes - index.size(), ' ');

  std::string out(magic, sizeof(magic));
  append_value(out, state_file_version);
  append_value(out, crc32c(index));
  append_value(out, uint64_t(index.size()));
  out += index;
  for (const Section& section : sections) {
    out.resize(aligned(out.size()), '\0');
    out += section.bytes;
  }
  return out;
}

StateFile read_state_file(std::shared_ptr<const void> owner, std::string_view bytes,
                          const std::string& name) {
  if (bytes.size() < header_bytes || std::memcmp(bytes.data(), magic, sizeof(magic)) != 0) {
    corrupt(name, "it does not begin as one");
  }
  const auto version = read_value<uint32_t>(bytes, 8);
  if (version != state_file_version) {
    throw Error(Code::corrupt,
                fmt::format("`{}` has bundle format {}, this program reads format {}", name,
                            version, state_file_version),
                {}, version > state_file_version ? "use a newer gristmill" : "");
  }
  const auto index_size = read_value<uint64_t>(bytes, 16);
  if (index_size > bytes.size() - header_bytes || (header_bytes + index_size) % alignment != 0) {
    corrupt(name, "it is cut short");
  }
  const std::string_view index = bytes.substr(header_bytes, index_size);
  if (crc32c(index) != read_value<uint32_t>(bytes, 12)) corrupt(name, "its index is damaged");

  StateFile file;
  file.version = Digest::of(bytes.substr(0, header_bytes + index_size)).brief();
  const std::string_view body = bytes.substr(header_bytes + index_size);
  size_t at = 0;
  try {
    const nlohmann::json entries = parsed(index, "index", name).at("sections");
    for (const auto& entry : entries) read_section(entry, body, at, file, owner, name);
  } catch (const nlohmann::json::exception& error) {
    corrupt(name, error.what());
  }
  if (at != body.size()) corrupt(name, "bytes follow its end");
  return file;
}

}  // namespace gristmill
