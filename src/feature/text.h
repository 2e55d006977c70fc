// Encoder `text`, frozen: the weights of a text's terms, each in a column or brought into a few
// directions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/encoder.h"
#include "feature/source_column.h"
#include "feature/term_space.h"

namespace gristmill {

class TextEncoder : public Encoder {
 public:
  static constexpr int64_t most_components = 256;
  static constexpr int64_t most_columns = 4096;  // of terms

  struct Plan {
    SourceColumn column;
    TermWeights weights;
    TermMatrix directions = {};        // width 0: each term has a column
    std::vector<double> scaling = {};  // shift and scale of each direction; none: as it is
    bool filled = false;               // what is missing is 0, else NaN
    bool indicator = false;
  };
  explicit TextEncoder(Plan plan) : plan_(std::move(plan)) {}

  void bind(const Schema& in) override { plan_.column.bind(in); }
  std::vector<std::string> reads() const override { return {plan_.column.name()}; }
  std::vector<TensorSpec> outputs() const override;
  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch& scratch) const override;
  State save() const override;
  static std::unique_ptr<Encoder> load(const State& state);  // Code::corrupt

 private:
  size_t width() const {
    return plan_.directions.width > 0 ? size_t(plan_.directions.width)
                                      : plan_.weights.terms().size();
  }

  Plan plan_;
};

}  // namespace gristmill
