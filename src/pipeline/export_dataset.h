// Encoded data sets as files that other programs read.
#pragma once

#include "pipeline/recipe.h"

namespace gristmill {

// Code::usage for a suffix that cannot be written, or --csr with one that is always dense.
void check_export_path(const std::string& path, bool csr);

struct ExportedDataset {
  int64_t rows = 0;
  std::vector<std::string> columns;
};

// Whole or not at all. .npy: float32 features; .safetensors: features, target, key, fold; .parquet:
// one column a feature, then target, key and fold.
ExportedDataset export_dataset(Workspace& workspace, const BuiltDataset& data,
                               const std::string& path, bool csr);

}  // namespace gristmill
