// Named tensors: what encoders write and models read.
//
// A row of features lies in two places: its numbers side by side in one float block, and its
// categories as codes in one int32 block. A linear model adds w[offset + code]; trees take a code
// as a category; export writes one-hot columns. Component j of row i is block[i * stride + j].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/dtype.h"

namespace gristmill {

enum class TensorKind : uint8_t {
  block,  // `names.size()` floats a row; NaN: missing
  code,   // one int32 a row in [0, levels): 0 is missing, 1 is rare or never seen before
};

// One output of an encoder.
struct TensorSpec {
  std::string name;  // of the encoder's output, e.g. "dest"
  TensorKind kind = TensorKind::block;
  std::vector<std::string> names;  // block: of its columns; code: of its levels, "" for 0 and 1
  std::string source;              // the column it was made from

  int64_t width() const { return kind == TensorKind::block ? int64_t(names.size()) : 1; }
  int64_t levels() const { return kind == TensorKind::code ? int64_t(names.size()) : 0; }
  bool operator==(const TensorSpec&) const = default;
};

// Where each spec lies: blocks fill the float block in order, codes the code block in order.
struct FeatureLayout {
  std::vector<TensorSpec> specs;
  std::vector<int64_t> at;  // of each spec: its first column in its block
  int64_t floats = 0;       // columns of the float block
  int64_t codes = 0;        // columns of the code block

  FeatureLayout() = default;
  explicit FeatureLayout(std::vector<TensorSpec> specs);
  // Columns of the dense one-hot form: each float, then for each code its levels.
  int64_t dense_width() const;
  std::vector<std::string> dense_names() const;  // "distance", "dest=ATL", …
  nlohmann::json json() const;
  static FeatureLayout from_json(const nlohmann::json& json);
};

// Encoded rows, not owned. `floats` has row stride `float_stride` ≥ layout.floats; likewise codes.
struct FeatureRows {
  int64_t rows = 0;
  float* floats = nullptr;
  int64_t float_stride = 0;
  int32_t* codes = nullptr;
  int64_t code_stride = 0;
};

// Owner of encoded rows, reused.
class FeatureBuffer {
 public:
  FeatureRows resize(const FeatureLayout& layout, int64_t rows);

 private:
  std::vector<float> floats_;
  std::vector<int32_t> codes_;
};

}  // namespace gristmill
