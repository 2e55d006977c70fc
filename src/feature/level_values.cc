#include "feature/level_values.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "feature/level_column.h"

namespace gristmill {

LevelValues::LevelValues(SourceColumn column, Table table)
    : column_(std::move(column)),
      table_(std::move(table)),
      codes_({table_.levels.begin(), table_.levels.end()}) {}

std::vector<TensorSpec> LevelValues::outputs() const {
  return {TensorSpec{column_.name(), TensorKind::block, table_.names, column_.name()}};
}

void LevelValues::encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
                         Scratch&) const {
  const size_t width = table_.names.size();
  for_codes(column_.in(rows), codes_, [&](int64_t i, int32_t code) {
    std::copy_n(&table_.values[size_t(code) * width], width,
                out.floats + i * out.float_stride + at[0]);
  });
}

void LevelValues::encode_training(const Batch& rows, const uint8_t* fold, const FeatureRows& out,
                                  const int64_t* at, Scratch& scratch) const {
  if (table_.without_fold.empty()) return encode(rows, out, at, scratch);
  if (fold == nullptr)
    throw Error(Code::internal, "training rows come without folds to an encoder that needs them");
  const size_t width = table_.names.size();
  for_codes(column_.in(rows), codes_, [&](int64_t i, int32_t code) {
    std::copy_n(&table_.without_fold[fold[i]][size_t(code) * width], width,
                out.floats + i * out.float_stride + at[0]);
  });
}

State LevelValues::save() const {
  State state;
  column_.save(state);
  state.json["names"] = table_.names;
  state.put_strings("levels", table_.levels);
  state.put<float>("values", table_.values);
  return state;
}

std::unique_ptr<Encoder> LevelValues::load(const State& state, const std::string& kind) {
  SourceColumn column = SourceColumn::load(state);
  Table table;
  table.levels = load_levels(state, column.type(), kind, most_levels);
  table.names = state.at<std::vector<std::string>>("names");
  const auto values = state.get<float>("values");
  const size_t width = table.names.size();
  if (width == 0 || width > size_t(most_names) ||
      values.size() != (table.levels.size() + LevelTable::first_code) * width)
    throw Error(Code::corrupt,
                fmt::format("an encoder `{}` whose values do not fit its levels", kind));
  table.values.assign(values.begin(), values.end());
  return std::make_unique<LevelValues>(column, std::move(table));
}

LevelScaling scaling_of(const std::vector<double>& values, const std::vector<int64_t>& rows,
                        int64_t width) {
  constexpr double rounding = 1e-12;  // differences below it, relative, are none
  LevelScaling out;
  for (int64_t k = 0; k < width; ++k) {
    double count = 0, sum = 0, squares = 0, largest = 0;
    auto each = [&](auto visit) {
      for (size_t code = 0; code < rows.size(); ++code)
        if (rows[code] > 0) visit(double(rows[code]), values[code * size_t(width) + size_t(k)]);
    };
    each([&](double n, double value) {
      count += n;
      sum += n * value;
      largest = std::max(largest, std::abs(value));
    });
    const double mean = count > 0 ? sum / count : 0;
    each([&](double n, double value) { squares += n * (value - mean) * (value - mean); });
    const double deviation = count > 0 ? std::sqrt(squares / count) : 0;
    const bool varies = deviation > rounding * largest;
    out.shift.push_back(mean);
    out.scale.push_back(varies ? deviation : 1);
    out.varies = out.varies || varies;
  }
  return out;
}

std::vector<float> scaled(const std::vector<double>& values, const LevelScaling& scaling) {
  const size_t width = scaling.shift.size();
  std::vector<float> out;
  out.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    out.push_back(float((values[i] - scaling.shift[i % width]) / scaling.scale[i % width]));
  return out;
}

}  // namespace gristmill
