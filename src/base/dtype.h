// Element types of arrays and tensors, with safetensors' names for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gristmill {

enum class DType : uint8_t { u8, i32, i64, u16, u32, u64, f32, f64 };

size_t size_of(DType dtype);                     // bytes
std::string_view name_of(DType dtype);           // "u8", "i32", …
std::string_view safetensors_name(DType dtype);  // "U8", "I32", …
DType parse_dtype(std::string_view name);        // of name_of; Code::corrupt

template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0, "no DType for this type");
  return DType::u8;
}();
template <>
inline constexpr DType dtype_of<uint8_t> = DType::u8;
template <>
inline constexpr DType dtype_of<int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<uint16_t> = DType::u16;
template <>
inline constexpr DType dtype_of<uint32_t> = DType::u32;
template <>
inline constexpr DType dtype_of<uint64_t> = DType::u64;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;

}  // namespace gristmill
