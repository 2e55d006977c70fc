// Encoded data sets on disk, memory-mapped: features, and the reserved target, weight, key, fold.
// One file: format in docs/dataset.md. Written row by row, published whole; read by many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "tensor/tensor.h"

namespace gristmill {

enum class Fold : uint8_t { train = 0, validate = 1, test = 2 };

enum class Problem : uint8_t { regression, binary, multiclass };
std::string_view name_of(Problem problem);
Problem parse_problem(std::string_view name);  // Code::corrupt

struct DatasetInfo {
  FeatureLayout layout;
  Problem problem = Problem::regression;
  std::vector<std::string> classes;  // binary: {negative, positive}
  bool weighted = false;
  nlohmann::json json() const;
  static DatasetInfo from_json(const nlohmann::json& json);
};

// Rows of a data set (or a contiguous part of one). Pointers are null when the part is empty.
struct DatasetRows {
  FeatureRows features;            // read-only in spirit: the mapping is private
  const double* target = nullptr;  // regression: the value; else the class number
  const double* weight = nullptr;  // null: all 1
  const uint64_t* key = nullptr;
  const uint8_t* fold = nullptr;
};

class Dataset {
 public:
  // Maps the file; checks its header and checksums of the small parts. Code::corrupt.
  static std::shared_ptr<Dataset> open(const fs::path& path);
  virtual ~Dataset() = default;
  virtual const DatasetInfo& info() const = 0;
  virtual int64_t rows() const = 0;
  virtual DatasetRows slice(int64_t begin, int64_t count) const = 0;
  // Rows are sorted by fold (train, validate, test), in their own order within: a fold is a slice.
  virtual int64_t fold_begin(Fold fold) const = 0;
  virtual int64_t fold_rows(Fold fold) const = 0;
  DatasetRows fold_slice(Fold fold) const { return slice(fold_begin(fold), fold_rows(fold)); }
};

// Writes a data set whose row counts by fold are known. Rows of each fold come in order; parts may
// be written from several threads as long as they do not overlap.
class DatasetWriter {
 public:
  static std::unique_ptr<DatasetWriter> create(const fs::path& path, const DatasetInfo& info,
                                               const int64_t fold_rows[3]);
  virtual ~DatasetWriter() = default;
  // The mapped rows to fill: `count` rows of `fold` from its `begin`-th on.
  struct Part {
    FeatureRows features;
    double* target;
    double* weight;
    uint64_t* key;
    uint8_t* fold;
  };
  virtual Part part(Fold fold, int64_t begin, int64_t count) = 0;
  // Flushes and fsyncs; digest of the canonical content (feature, target, weight, key, fold bytes).
  virtual Digest finish() = 0;
};

}  // namespace gristmill
