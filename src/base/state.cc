#include "base/state.h"

#include "base/digest.h"
#include "base/error.h"

namespace gristmill {

namespace {

Error corrupt(const std::string& what) { return Error(Code::corrupt, "saved state: " + what); }

// Elements of a shape, or -1 when negative or too many.
int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return -1;
  return count;
}

}  // namespace

void State::put_strings(const std::string& name, std::span<const std::string> values) {
  std::vector<int64_t> offsets = {0};
  std::vector<uint8_t> bytes;
  offsets.reserve(values.size() + 1);
  for (const std::string& value : values) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    offsets.push_back(int64_t(bytes.size()));
  }
  put(name + ".offsets", std::move(offsets));
  put(name + ".bytes", std::move(bytes));
}

std::vector<std::string_view> State::get_strings(const std::string& name) const {
  std::span<const int64_t> offsets = get<int64_t>(name + ".offsets");
  std::span<const uint8_t> bytes = get<uint8_t>(name + ".bytes");
  if (offsets.empty() || offsets[0] != 0 || offsets.back() != int64_t(bytes.size()))
    throw corrupt("the strings of \"" + name + "\" do not fit their offsets");
  for (size_t i = 1; i < offsets.size(); ++i)
    if (offsets[i] < offsets[i - 1])
      throw corrupt("the strings of \"" + name + "\" have falling offsets");
  std::vector<std::string_view> values;
  values.reserve(offsets.size() - 1);
  for (size_t i = 1; i < offsets.size(); ++i)
    values.emplace_back(reinterpret_cast<const char*>(bytes.data()) + offsets[i - 1],
                        size_t(offsets[i] - offsets[i - 1]));
  return values;
}

void State::put_state(const std::string& name, const State& child) {
  json[name] = child.json;
  for (const auto& [key, array] : child.arrays_) arrays_[name + "/" + key] = array;
}

State State::get_state(const std::string& name) const {
  State child;
  check_member(name);
  child.json = json.at(name);
  std::string prefix = name + "/";
  for (auto it = arrays_.lower_bound(prefix); it != arrays_.end(); ++it) {
    if (it->first.compare(0, prefix.size(), prefix) != 0) break;
    child.arrays_.emplace(it->first.substr(prefix.size()), it->second);
  }
  return child;
}

size_t State::bytes() const {
  size_t bytes = 0;
  for (const auto& [name, array] : arrays_) bytes += array.bytes.size();
  return bytes;
}

std::string State::digest_hex() const {
  Hasher hasher;
  auto add_size = [&hasher](uint64_t size) { hasher.update(&size, sizeof(size)); };
  auto add = [&](std::string_view bytes) {
    add_size(bytes.size());
    hasher.update(bytes);
  };
  // CBOR rather than text: it keeps every double's bits and any bytes in strings.
  std::vector<uint8_t> tree = nlohmann::json::to_cbor(json);
  add({reinterpret_cast<const char*>(tree.data()), tree.size()});
  for (const auto& [name, array] : arrays_) {
    add(name);
    add(name_of(array.dtype));
    add_size(array.shape.size());
    for (int64_t extent : array.shape) add_size(uint64_t(extent));
    add(array.bytes);
  }
  return hasher.finish().hex();
}

const Array& State::array(const std::string& name, DType dtype) const {
  auto it = arrays_.find(name);
  if (it == arrays_.end()) throw corrupt("the array \"" + name + "\" is missing");
  const Array& array = it->second;
  if (array.dtype != dtype)
    throw corrupt("the array \"" + name + "\" holds " + std::string(name_of(array.dtype)) +
                  " where " + std::string(name_of(dtype)) + " is expected");
  int64_t count = element_count(array.shape), bytes;
  if (count < 0 || __builtin_mul_overflow(count, int64_t(size_of(dtype)), &bytes) ||
      uint64_t(bytes) != array.bytes.size())
    throw corrupt("the bytes of array \"" + name + "\" do not fit its shape");
  if (reinterpret_cast<uintptr_t>(array.bytes.data()) % size_of(dtype) != 0)
    throw corrupt("the array \"" + name + "\" is not aligned");
  return array;
}

void State::check_member(const std::string& key) const {
  if (!json.is_object() || !json.contains(key))
    throw corrupt("the member \"" + key + "\" is missing");
}

void State::throw_mistyped(const std::string& key) const {
  throw corrupt("the member \"" + key + "\" has another type than expected");
}

}  // namespace gristmill
