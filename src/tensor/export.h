// Tensors in the forms other programs read.
#pragma once

#include "tensor/dataset.h"

namespace gristmill {

// npy 1.0 (NumPy's format): dense float32 [rows, dense_width], one-hot expanded, C order.
void write_npy(const Dataset& data, const fs::path& path);
// safetensors: `features` f32 [rows, dense_width] (or CSR: `indptr` i64, `indices` i32, `data`
// f32), `target` f64, `weight` f64 when there is one, `key` u64, `fold` u8; metadata names the
// columns.
void write_safetensors(const Dataset& data, const fs::path& path, bool csr);
// One row of the dense one-hot form, `layout.dense_width()` floats.
void expand_dense(const FeatureLayout& layout, const FeatureRows& rows, int64_t row, float* out);

}  // namespace gristmill
