// Encoder `frequency`: a category as its share of the training rows.
#include "base/error.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/level_values.h"

namespace gristmill {
namespace {

class FrequencyFit : public EncoderFit {
 public:
  FrequencyFit(SourceColumn column, const Wants& wants)
      : column_(std::move(column)), wants_(wants) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    count_levels(column_.named_in(seen.rows), counts_);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<FrequencyFit>(column_, wants_);
  }
  void merge(EncoderFit&& later) override {
    counts_.merge(dynamic_cast<FrequencyFit&>(later).counts_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    *why = nothing_in(column_.type(), counts_);
    if (!why->empty()) return nullptr;
    LevelValues::Table table;
    std::vector<int64_t> rows = {counts_.nulls(), counts_.left_over()};
    for (const LevelCounts::Level& level : counts_.levels()) {
      table.levels.emplace_back(level.value);
      rows.push_back(level.count);
    }
    const auto all = double(counts_.nulls() + counts_.admitted() + counts_.left_over());
    std::vector<double> shares;
    for (const int64_t count : rows) shares.push_back(double(count) / all);
    shares[1] = 0;  // what is not counted is rare, each by itself
    LevelScaling scaling = scaling_of(shares, rows, 1);
    if (!scaling.varies) {
      *why = "all its values are equally frequent";
      return nullptr;
    }
    if (!wants_.scaled) scaling = unscaled(1);
    table.names = {column_.name() + "_frequency"};
    table.values = scaled(shares, scaling);
    return std::make_unique<LevelValues>(column_, std::move(table));
  }

 private:
  SourceColumn column_;
  Wants wants_;
  LevelCounts counts_;
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& params, const EncoderContext& context) {
  Params(params, {}, "encoder frequency");
  require_level_type(context.field, "frequency");
  return std::make_unique<FrequencyFit>(SourceColumn(context.field), context.wants);
}

const RegisterEncoder registered({
    .name = "frequency",
    .version = 1,
    .text = "Text, whole numbers or booleans as the share of the training rows that have the same "
            "value; missing is a value as any other, and one that training did not see is 0. "
            "Linear models take it scaled to mean 0 and variance 1.",
    .example = "{tailnum: frequency}",
    .params = {},
    .make = make,
    .load = [](const State& state) { return LevelValues::load(state, "frequency"); },
});

}  // namespace
}  // namespace gristmill
