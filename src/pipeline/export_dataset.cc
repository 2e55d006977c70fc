#include "pipeline/export_dataset.h"

#include <fmt/format.h>

#include "tensor/export.h"

namespace gristmill {
namespace {

constexpr int64_t export_rows = 8192;  // dense rows held at a time

// Dense rows of a data set as batches.
class DenseRows : public BatchReader {
 public:
  explicit DenseRows(const Dataset& data) : data_(data), width_(data.info().layout.dense_width()) {
    for (const std::string& name : data.info().layout.dense_names())
      schema_.add({name, Type::float64, true});
    schema_.add({"__target", Type::float64, false});
    schema_.add({"__key", Type::string, false});
    schema_.add({"__fold", Type::string, false});
    if (data.info().weighted) schema_.add({"__weight", Type::float64, false});
    row_.resize(size_t(width_));
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    const int64_t count = std::min(export_rows, data_.rows() - done_);
    if (count <= 0) return false;
    static constexpr std::string_view folds[] = {"train", "validate", "test"};
    const DatasetRows rows = data_.slice(done_, count);
    buffer_.reset(schema_);
    for (int64_t i = 0; i < count; ++i) {
      expand_dense(data_.info().layout, rows.features, i, row_.data());
      for (int64_t j = 0; j < width_; ++j) buffer_[size_t(j)].append(double(row_[size_t(j)]));
      buffer_[size_t(width_)].append(rows.target[i]);
      buffer_[size_t(width_ + 1)].append(std::string_view(fmt::format("{:016x}", rows.key[i])));
      buffer_[size_t(width_ + 2)].append(folds[rows.fold[i]]);
      if (data_.info().weighted) buffer_[size_t(width_ + 3)].append(rows.weight[i]);
    }
    done_ += count;
    batch = buffer_.view();
    return true;
  }

 private:
  const Dataset& data_;
  int64_t width_;
  Schema schema_;
  std::vector<float> row_;
  BatchBuffer buffer_;
  int64_t done_ = 0;
};

void write_parquet(Workspace& workspace, const Dataset& data, const fs::path& path) {
  Engine& engine = workspace.engine();
  DenseRows rows(data);
  const LoadedTable loaded(engine, "exported rows", rows);
  engine.execute(fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT parquet)", loaded.relation(),
                             quote_text(path.string())));
}

}  // namespace

void check_export_path(const std::string& path, bool csr) {
  const bool tensors = path.ends_with(".safetensors");
  if (!tensors && !path.ends_with(".npy") && !path.ends_with(".parquet")) {
    throw Error(Code::usage, fmt::format("what kind of file is `{}`?", path), {},
                "its name must end in .npy, .safetensors or .parquet");
  }
  if (csr && !tensors)
    throw Error(Code::usage, "--csr is for .safetensors files", {}, "the other forms are dense");
}

ExportedDataset export_dataset(Workspace& workspace, const BuiltDataset& built,
                               const std::string& path, bool csr) {
  check_export_path(path, csr);
  const auto data = Dataset::open(built.path);
  if (path.ends_with(".npy")) {
    write_npy(*data, path);
  } else if (path.ends_with(".safetensors")) {
    write_safetensors(*data, path, csr);
  } else {
    AsideFile file(path);
    write_parquet(workspace, *data, file.aside());
    file.publish();
  }
  return {data->rows(), data->info().layout.dense_names()};
}

}  // namespace gristmill
