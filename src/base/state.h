// Saved state: what a fitted rule, encoder or model keeps. A JSON tree for what is small, named
// arrays for what is large or must keep its bits. A bundle stores States; nothing in one is code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/dtype.h"

namespace gristmill {

// An array in row-major order. Owns its bytes, or views bytes that `owner` keeps alive (a mapped
// bundle). `data` is aligned to 64 bytes in a bundle.
struct Array {
  DType dtype = DType::u8;
  std::vector<int64_t> shape;
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

class State {
 public:
  nlohmann::json json = nlohmann::json::object();

  // T: bool-free arithmetic types that DType names. One-dimensional unless `shape` says otherwise.
  template <class T>
  void put(const std::string& name, std::vector<T> values, std::vector<int64_t> shape = {}) {
    auto owned = std::make_shared<std::vector<T>>(std::move(values));
    if (shape.empty()) shape = {static_cast<int64_t>(owned->size())};
    std::string_view bytes(reinterpret_cast<const char*>(owned->data()), owned->size() * sizeof(T));
    arrays_[name] = Array{dtype_of<T>, std::move(shape), bytes, owned};
  }
  void put(const std::string& name, Array array) { arrays_[name] = std::move(array); }

  // Strings: `name.offsets` (i64, n + 1) and `name.bytes` (u8).
  void put_strings(const std::string& name, std::span<const std::string> values);

  // Views; they live as long as this State or the file behind it. Code::corrupt when the array is
  // absent, of another dtype, or its bytes do not fit its shape.
  template <class T>
  std::span<const T> get(const std::string& name) const {
    const Array& a = array(name, dtype_of<T>);
    return {reinterpret_cast<const T*>(a.bytes.data()), a.bytes.size() / sizeof(T)};
  }
  // Checks offsets: rising, within the bytes.
  std::vector<std::string_view> get_strings(const std::string& name) const;
  bool has(const std::string& name) const { return arrays_.count(name) > 0; }
  const std::map<std::string, Array>& arrays() const { return arrays_; }

  size_t bytes() const;  // of all arrays

  // A member of `json`, with its type checked: Code::corrupt otherwise.
  template <class T>
  T at(const std::string& key) const {
    check_member(key);
    try {
      return json.at(key).get<T>();
    } catch (const nlohmann::json::exception&) {
      throw_mistyped(key);
    }
  }

  // Nested states: `child` is stored under `name/` and its JSON under json[name].
  void put_state(const std::string& name, const State& child);
  State get_state(const std::string& name) const;

  // Digest over JSON and arrays: equal states have equal digests.
  std::string digest_hex() const;

 private:
  const Array& array(const std::string& name, DType dtype) const;
  void check_member(const std::string& key) const;
  [[noreturn]] void throw_mistyped(const std::string& key) const;
  std::map<std::string, Array> arrays_;
};

}  // namespace gristmill
