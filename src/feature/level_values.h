// Some floats for each level of a category: what `target`, `frequency` and `ordinal` freeze into.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/encoder.h"
#include "feature/levels.h"
#include "feature/source_column.h"

namespace gristmill {

class LevelValues : public Encoder {
 public:
  struct Table {
    std::vector<std::string> levels;  // at most most_levels
    std::vector<std::string> names;   // of the floats of a row
    // (2 + levels) × names, row-major: of missing, of all other values, of each level.
    std::vector<float> values;
    // Of each of FitBatch::folds, as the rows outside it tell; none: the same as `values`.
    std::vector<std::vector<float>> without_fold;
  };
  static constexpr int64_t most_levels = LevelCounts::max_values;
  static constexpr int64_t most_names = 1000;  // as many as there may be classes

  LevelValues(SourceColumn column, Table table);

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override;
  // O(1) a row, once its level is hashed.
  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch& scratch) const override;
  void encode_training(const Batch& rows, const uint8_t* fold, const FeatureRows& out,
                       const int64_t* at, Scratch& scratch) const override;
  State save() const override;
  // Of a saved encoder `kind`. Code::corrupt.
  static std::unique_ptr<Encoder> load(const State& state, const std::string& kind);

 private:
  SourceColumn column_;
  Table table_;
  LevelTable codes_;
};

// What brings each column of a table, row-major codes × width, to mean 0 and variance 1 over the
// training rows, `rows[i]` of which have code i. A column that is constant is only shifted.
struct LevelScaling {
  std::vector<double> shift, scale;  // by column
  bool varies = false;               // some column does
};
inline LevelScaling unscaled(int64_t width) {
  return {std::vector<double>(size_t(width), 0), std::vector<double>(size_t(width), 1), true};
}
LevelScaling scaling_of(const std::vector<double>& values, const std::vector<int64_t>& rows,
                        int64_t width);
std::vector<float> scaled(const std::vector<double>& values, const LevelScaling& scaling);

}  // namespace gristmill
