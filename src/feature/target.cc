// Encoder `target`: a category as the mean of the target among the rows that have it.
#include <fmt/format.h>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/level_values.h"
#include "feature/target_sums.h"

namespace gristmill {
namespace {

// Observes one chunk, whose rows are only numbered and kept; or merges what such ones observed.
class TargetFit : public EncoderFit {
 public:
  TargetFit(SourceColumn column, const Wants& wants, TargetInfo target,
            std::optional<double> smooth)
      : column_(std::move(column)),
        wants_(wants),
        target_(std::move(target)),
        smooth_(smooth),
        sums_(target_) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  bool needs_target() const override { return true; }

  void observe(const FitBatch& seen) override {
    if (seen.rows.rows == 0) return;  // a chunk without training rows has no arrays either
    if (seen.target == nullptr || seen.fold == nullptr)
      throw Error(Code::internal, "the encoder `target` sees rows without their target and folds");
    const Column& column = column_.named_in(seen.rows);
    rows_.reserve(rows_.size() + size_t(seen.rows.rows));
    auto keep = [&](int64_t i, int32_t place) {
      rows_.push_back(
          {seen.target[i], seen.weight == nullptr ? 1 : seen.weight[i], place, seen.fold[i]});
    };
    for_levels(
        column, [&](int64_t i, auto level) { keep(i, counts_.add(level)); },
        [&](int64_t i) {
          counts_.add_null();
          keep(i, missing_place);
        });
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<TargetFit>(column_, wants_, target_, smooth_);
  }
  void merge(EncoderFit&& other) override {
    auto& later = dynamic_cast<TargetFit&>(other);
    const std::vector<int32_t> places = counts_.merge(later.counts_);
    for (Row& row : later.rows_)
      if (row.place >= 0) row.place = places[size_t(row.place)];
    add_rows(rows_, sums_);
    rows_.clear();
    add_rows(later.rows_, sums_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    *why = nothing_in(column_.type(), counts_);
    if (!why->empty()) return nullptr;
    TargetSums sums = sums_;
    add_rows(rows_, sums);
    LevelValues::Table table;
    std::vector<int64_t> rows = {counts_.nulls(), counts_.left_over()};
    for (const LevelCounts::Level& level : counts_.levels()) {
      if (int64_t(table.levels.size()) == sums.most_levels()) {
        rows[1] += level.count;
        continue;
      }
      table.levels.emplace_back(level.value);
      rows.push_back(level.count);
    }
    const auto codes = int64_t(rows.size());
    const std::vector<double> values = sums.encodings(codes, smooth_, -1);
    LevelScaling scaling = scaling_of(values, rows, target_.outputs());
    if (!scaling.varies) {
      *why = "the target is the same for all its values";
      return nullptr;
    }
    if (!wants_.scaled) scaling = unscaled(target_.outputs());
    table.names = names();
    table.values = scaled(values, scaling);
    for (int fold = 0; fold < FitBatch::folds; ++fold)
      table.without_fold.push_back(scaled(sums.encodings(codes, smooth_, fold), scaling));
    return std::make_unique<LevelValues>(column_, std::move(table));
  }

 private:
  static constexpr int32_t missing_place = LevelCounts::left_over_place - 1;
  struct Row {
    double target, weight;
    int32_t place;  // in counts_.levels(), or what is below 0
    uint8_t fold;
  };

  static void add_rows(const std::vector<Row>& rows, TargetSums& sums) {
    const int64_t most = sums.most_levels();
    for (const Row& row : rows) {
      const bool counted = row.place >= 0 && row.place < most;
      const int32_t code = counted                      ? LevelTable::first_code + row.place
                           : row.place == missing_place ? 0
                                                        : 1;
      sums.add(code, row.fold, row.target, row.weight);
    }
  }

  std::vector<std::string> names() const {
    const std::string name = column_.name() + "_target";
    if (target_.problem != Problem::multiclass) return {name};
    std::vector<std::string> names;
    for (const std::string& of : target_.classes) names.push_back(name + "=" + of);
    return names;
  }

  SourceColumn column_;
  Wants wants_;
  TargetInfo target_;
  std::optional<double> smooth_;
  LevelCounts counts_;
  std::vector<Row> rows_;  // observed, and not yet in sums_
  TargetSums sums_;        // by place in counts_
};

const std::vector<ParamDoc> docs = {
    {"smooth",
     "any",
     "How many rows the mean of all rows weighs beside a level's own. `auto`: the variance within "
     "the level over that of all rows.",
     "auto",
     0,
     {},
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given, docs, "encoder target");
  require_level_type(context.field, "target");
  const nlohmann::json& smooth = params["smooth"];
  std::optional<double> rows;
  if (smooth.is_number()) {
    rows = smooth.get<double>();
  } else if (smooth != "auto") {
    throw Error(
        Code::invalid,
        fmt::format("encoder target: `smooth` must be a number or auto, not {}", smooth.dump()),
        {.field = context.field.name}, "for example {smooth: 20}");
  }
  return std::make_unique<TargetFit>(SourceColumn(context.field), context.wants, context.target,
                                     rows);
}

const RegisterEncoder registered({
    .name = "target",
    .version = 1,
    .text = "Text, whole numbers or booleans as the mean of the target among the training rows "
            "with the same value, drawn towards the mean of all rows the fewer they are and the "
            "more they differ (Micci-Barreca 2001; the results are those of scikit-learn's "
            "TargetEncoder). A class is encoded by its share: one column, or one a class where "
            "there are three or more. A training row is encoded by the rows of four fifths that "
            "it is not in (by its key, or by the group of the split), all other rows by all "
            "training rows. Missing is a value as any other; one that training did not see, or "
            "saw beyond the first 262,144, is the mean of all rows. Linear models take it scaled "
            "to mean 0 and variance 1.",
    .example = "{tailnum: target, dest: {target: {smooth: 20}}}",
    .params = docs,
    .make = make,
    .load = [](const State& state) { return LevelValues::load(state, "target"); },
});

}  // namespace
}  // namespace gristmill
