#include "base/dtype.h"

#include <array>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

struct Names {
  size_t size;
  std::string_view name, safetensors;
};

constexpr std::array<Names, 8> dtypes = {{
    {1, "u8", "U8"},
    {4, "i32", "I32"},
    {8, "i64", "I64"},
    {2, "u16", "U16"},
    {4, "u32", "U32"},
    {8, "u64", "U64"},
    {4, "f32", "F32"},
    {8, "f64", "F64"},
}};

}  // namespace

size_t size_of(DType dtype) { return dtypes.at(size_t(dtype)).size; }
std::string_view name_of(DType dtype) { return dtypes.at(size_t(dtype)).name; }
std::string_view safetensors_name(DType dtype) { return dtypes.at(size_t(dtype)).safetensors; }

DType parse_dtype(std::string_view name) {
  for (size_t i = 0; i < dtypes.size(); ++i)
    if (dtypes[i].name == name) return DType(i);
  throw Error(Code::corrupt, "unknown element type " + excerpt(name) + " in stored data");
}

}  // namespace gristmill
