#include "learn/lightgbm_data.h"

#include <cmath>

#include "base/progress.h"

namespace gristmill {
namespace {

constexpr int64_t sample_rows =
    200'000;  // rows that bins are made from, as LightGBM takes by default
constexpr int64_t push_rows = 65'536;

int64_t width_of(const FeatureLayout& layout) { return layout.floats + layout.codes; }

// One row: floats, then codes as floats.
void copy_row(const FeatureLayout& layout, const FeatureRows& rows, int64_t i, float* out) {
  std::copy_n(rows.floats + i * rows.float_stride, layout.floats, out);
  for (int64_t c = 0; c < layout.codes; ++c)
    out[layout.floats + c] = float(rows.codes[i * rows.code_stride + c]);
}

// Evenly spaced rows: no random numbers, and the same for any number of threads.
LightgbmDataset empty_from_sample(const Dataset& data, Fold fold, const std::string& parameters) {
  const FeatureLayout& layout = data.info().layout;
  const int64_t rows = data.fold_rows(fold), width = width_of(layout);
  const int64_t taken = std::min(rows, sample_rows);
  const DatasetRows all = data.fold_slice(fold);
  std::vector<std::vector<double>> values(static_cast<size_t>(width));
  std::vector<std::vector<int>> positions(static_cast<size_t>(width));
  std::vector<float> row(static_cast<size_t>(width));
  for (int64_t s = 0; s < taken; ++s) {
    copy_row(layout, all.features, int64_t(double(s) * double(rows) / double(taken)), row.data());
    for (int64_t j = 0; j < width; ++j) {
      const double value = row[size_t(j)];
      if (value == 0) continue;  // LightGBM takes what is absent as 0
      values[size_t(j)].push_back(value);
      positions[size_t(j)].push_back(int(s));
    }
  }
  std::vector<double*> value_of;
  std::vector<int*> position_of;
  std::vector<int> counts;
  for (int64_t j = 0; j < width; ++j) {
    value_of.push_back(values[size_t(j)].data());
    position_of.push_back(positions[size_t(j)].data());
    counts.push_back(int(values[size_t(j)].size()));
  }
  void* handle = nullptr;
  lightgbm_check(lightgbm().DatasetCreateFromSampledColumn(
      value_of.data(), position_of.data(), int32_t(width), counts.data(), int32_t(taken),
      int32_t(rows), rows, parameters.c_str(), &handle));
  return LightgbmDataset(handle);
}

}  // namespace

LightgbmDataset make_lightgbm_data(const Dataset& data, Fold fold, const std::string& parameters,
                                   void* reference) {
  const FeatureLayout& layout = data.info().layout;
  const int64_t rows = data.fold_rows(fold), width = width_of(layout);
  LightgbmDataset out;
  if (reference == nullptr) {
    out = empty_from_sample(data, fold, parameters);
  } else {
    void* handle = nullptr;
    lightgbm_check(lightgbm().DatasetCreateByReference(reference, rows, &handle));
    out.reset(handle);
  }
  const DatasetRows all = data.fold_slice(fold);
  std::vector<float> block(size_t(std::min(rows, push_rows) * width));
  for (int64_t begin = 0; begin < rows; begin += push_rows) {
    check_interrupted();
    const int64_t count = std::min(push_rows, rows - begin);
    for (int64_t i = 0; i < count; ++i)
      copy_row(layout, all.features, begin + i, block.data() + i * width);
    lightgbm_check(lightgbm().DatasetPushRows(out.get(), block.data(), C_API_DTYPE_FLOAT32,
                                              int32_t(count), int32_t(width), int32_t(begin)));
  }
  const std::vector<float> target(all.target, all.target + rows);
  lightgbm_check(lightgbm().DatasetSetField(out.get(), "label", target.data(), int(rows),
                                            C_API_DTYPE_FLOAT32));
  if (all.weight != nullptr) {
    const std::vector<float> weight(all.weight, all.weight + rows);
    lightgbm_check(lightgbm().DatasetSetField(out.get(), "weight", weight.data(), int(rows),
                                              C_API_DTYPE_FLOAT32));
  }
  return out;
}

}  // namespace gristmill
