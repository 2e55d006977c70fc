#include "tensor/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/progress.h"

namespace gristmill {

namespace {

constexpr int64_t block_rows = 4096;  // between two looks at the wish to stop

template <class T>
std::string_view bytes_of(const T* values, int64_t count) {
  return {reinterpret_cast<const char*>(values), size_t(count) * sizeof(T)};
}

// Calls with each block of rows in turn.
template <class Block>
void for_each_block(const Dataset& data, const Block& block) {
  for (int64_t begin = 0; begin < data.rows(); begin += block_rows) {
    check_interrupted();
    block(data.slice(begin, std::min(block_rows, data.rows() - begin)));
  }
}

int64_t checked_code(const TensorSpec& spec, int32_t code) {
  if (code < 0 || code >= spec.levels())
    throw Error(Code::corrupt, fmt::format("the code {} of \"{}\" is outside its {} levels", code,
                                           spec.name, spec.levels()));
  return code;
}

// Calls value(column, value) for what is not zero in the dense form of one row, columns rising.
template <class Value>
void for_each_nonzero(const FeatureLayout& layout, const FeatureRows& rows, int64_t row,
                      const Value& value) {
  const float* floats = rows.floats + row * rows.float_stride;
  for (int64_t i = 0; i < layout.floats; ++i)
    if (floats[i] != 0) value(i, floats[i]);
  const int32_t* codes = rows.codes + row * rows.code_stride;
  int64_t column = layout.floats;
  for (const TensorSpec& spec : layout.specs) {
    if (spec.kind != TensorKind::code) continue;
    value(column + checked_code(spec, *codes++), 1.0f);
    column += spec.levels();
  }
}

void write_dense(FileWriter& file, const Dataset& data) {
  const FeatureLayout& layout = data.info().layout;
  int64_t width = layout.dense_width();
  std::vector<float> row(static_cast<size_t>(width));
  for_each_block(data, [&](const DatasetRows& rows) {
    for (int64_t i = 0; i < rows.features.rows; ++i) {
      expand_dense(layout, rows.features, i, row.data());
      file.write(bytes_of(row.data(), width));
    }
  });
}

// NumPy leaves room for the first extent to grow to 20 digits; so the same array gives its bytes.
std::string npy_header(int64_t rows, int64_t columns) {
  std::string dict =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  dict.append(21 - std::to_string(rows).size(), ' ');
  constexpr size_t prefix = 10, alignment = 64;
  dict.append(alignment - (prefix + dict.size() + 1) % alignment, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 0xff);
  header += char(dict.size() >> 8);
  return header + dict;
}

// One tensor of a safetensors file: what it is, and how its bytes are written.
struct Exported {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;
  std::function<void(FileWriter&)> write;
};

void write_csr(FileWriter& file, const Dataset& data, std::string_view part) {
  const FeatureLayout& layout = data.info().layout;
  int64_t total = 0;
  if (part == "indptr") file.write(bytes_of(&total, 1));
  for_each_block(data, [&](const DatasetRows& rows) {
    for (int64_t i = 0; i < rows.features.rows; ++i) {
      for_each_nonzero(layout, rows.features, i, [&](int64_t column, float value) {
        int32_t index = int32_t(column);
        ++total;
        if (part == "indices") file.write(bytes_of(&index, 1));
        if (part == "data") file.write(bytes_of(&value, 1));
      });
      if (part == "indptr") file.write(bytes_of(&total, 1));
    }
  });
}

int64_t count_nonzero(const Dataset& data) {
  int64_t total = 0;
  for_each_block(data, [&](const DatasetRows& rows) {
    for (int64_t i = 0; i < rows.features.rows; ++i)
      for_each_nonzero(data.info().layout, rows.features, i, [&](int64_t, float) { ++total; });
  });
  return total;
}

// Wide elements first, so that each tensor is aligned without holes, which the format forbids.
std::vector<Exported> tensors_of(const Dataset& data, bool csr) {
  int64_t rows = data.rows();
  std::vector<Exported> list;
  auto column = [&](const char* name, DType dtype, auto member) {
    list.push_back({name, dtype, {rows}, [&data, member](FileWriter& file) {
                      for_each_block(data, [&](const DatasetRows& part) {
                        file.write(bytes_of(part.*member, part.features.rows));
                      });
                    }});
  };
  auto sparse = [&](const char* name, DType dtype, int64_t size) {
    list.push_back(
        {name, dtype, {size}, [&data, name](FileWriter& file) { write_csr(file, data, name); }});
  };
  if (csr) sparse("indptr", DType::i64, rows + 1);
  column("target", DType::f64, &DatasetRows::target);
  if (data.info().weighted) column("weight", DType::f64, &DatasetRows::weight);
  column("key", DType::u64, &DatasetRows::key);
  if (csr) {
    int64_t count = count_nonzero(data);
    sparse("indices", DType::i32, count);
    sparse("data", DType::f32, count);
  } else {
    list.push_back({"features",
                    DType::f32,
                    {rows, data.info().layout.dense_width()},
                    [&data](FileWriter& file) { write_dense(file, data); }});
  }
  column("fold", DType::u8, &DatasetRows::fold);
  return list;
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Eight bytes of length, then JSON padded with spaces to eight bytes.
std::string safetensors_header(const Dataset& data, const std::vector<Exported>& tensors) {
  const DatasetInfo& info = data.info();
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"columns", dump(info.layout.dense_names())},
                            {"problem", name_of(info.problem)},
                            {"classes", dump(info.classes)}};
  int64_t at = 0;
  for (const Exported& tensor : tensors) {
    int64_t bytes = int64_t(size_of(tensor.dtype));
    for (int64_t extent : tensor.shape) bytes *= extent;
    header[tensor.name] = {{"dtype", safetensors_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string json = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  json.append((8 - json.size() % 8) % 8, ' ');
  constexpr size_t largest = 100'000'000;  // what readers accept
  if (json.size() > largest)
    throw Error(Code::exhausted, "the names of the columns do not fit a safetensors header", {},
                "fewer categories are needed, or another format");
  uint64_t size = json.size();
  return std::string(bytes_of(&size, 1)) + json;
}

}  // namespace

void expand_dense(const FeatureLayout& layout, const FeatureRows& rows, int64_t row, float* out) {
  if (layout.floats > 0)
    std::memcpy(out, rows.floats + row * rows.float_stride, size_t(layout.floats) * sizeof(float));
  const int32_t* codes = rows.codes + row * rows.code_stride;
  float* levels = out + layout.floats;
  for (const TensorSpec& spec : layout.specs) {
    if (spec.kind != TensorKind::code) continue;
    std::memset(levels, 0, size_t(spec.levels()) * sizeof(float));
    levels[checked_code(spec, *codes++)] = 1;
    levels += spec.levels();
  }
}

void write_npy(const Dataset& data, const fs::path& path) {
  FileWriter file(path);
  file.write(npy_header(data.rows(), data.info().layout.dense_width()));
  write_dense(file, data);
  file.finish();
}

void write_safetensors(const Dataset& data, const fs::path& path, bool csr) {
  FileWriter file(path);
  std::vector<Exported> tensors = tensors_of(data, csr);
  file.write(safetensors_header(data, tensors));
  for (const Exported& tensor : tensors) tensor.write(file);
  file.finish();
}

}  // namespace gristmill
