// Encoder `boolean`: 0 or 1.
#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/source_column.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

class BooleanEncoder : public Encoder {
 public:
  // `fill`: written for what is missing; NaN for learners that take it.
  BooleanEncoder(SourceColumn column, float fill, bool indicator)
      : column_(column), fill_(fill), indicator_(indicator) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::block, {column_.name()}, column_.name()};
    if (indicator_) spec.names.push_back(column_.name() + "_missing");
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    const bool numbers = column.type == Type::int64;
    for (int64_t i = 0; i < column.length; ++i) {
      float* cell = out.floats + i * out.float_stride + at[0];
      bool missing = column.is_null(i);
      bool value = false;
      if (numbers) {
        int64_t number = column.values<int64_t>()[i];
        value = number == 1;
        missing |= number != 0 && number != 1;
      } else {
        value = column.boolean(i);
      }
      cell[0] = missing ? fill_ : float(value);
      if (indicator_) cell[1] = float(missing);
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.put<float>("fill", {fill_});
    state.json["indicator"] = indicator_;
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    SourceColumn column = SourceColumn::load(state);
    auto fill = state.get<float>("fill");
    if (fill.size() != 1 || (column.type() != Type::boolean && column.type() != Type::int64))
      throw Error(Code::corrupt, "an encoder `boolean` without a fill or over another type");
    return std::make_unique<BooleanEncoder>(column, fill[0], state.at<bool>("indicator"));
  }

 private:
  SourceColumn column_;
  float fill_;
  bool indicator_;
};

class BooleanFit : public EncoderFit {
 public:
  BooleanFit(SourceColumn column, const Wants& wants) : column_(std::move(column)), wants_(wants) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }

  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    nulls_ += column.null_count();
    for_present(column, [&](int64_t i) {
      int64_t value =
          column.type == Type::boolean ? column.boolean(i) : column.values<int64_t>()[i];
      if (value != 0 && value != 1) refuse(value);
      ++(value != 0 ? positives_ : negatives_);
    });
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<BooleanFit>(column_, wants_);
  }
  void merge(EncoderFit&& later) override {
    auto& other = dynamic_cast<BooleanFit&>(later);
    nulls_ += other.nulls_;
    positives_ += other.positives_;
    negatives_ += other.negatives_;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    int64_t present = positives_ + negatives_;
    if (present == 0) {
      *why = all_missing;
      return nullptr;
    }
    if (nulls_ == 0 && (positives_ == 0 || negatives_ == 0)) {
      *why = fmt::format("constant: all its values are {}", positives_ > 0);
      return nullptr;
    }
    if (!wants_.scaled && wants_.missing)
      return std::make_unique<BooleanEncoder>(column_, std::numeric_limits<float>::quiet_NaN(),
                                              false);
    return std::make_unique<BooleanEncoder>(column_, float(double(positives_) / double(present)),
                                            nulls_ > 0);
  }

 private:
  [[noreturn]] void refuse(int64_t value) const {
    throw Error(Code::invalid,
                fmt::format("the column `{}` has the value {}: the encoder `boolean` takes 0 and 1",
                            column_.name(), value),
                {.field = column_.name()}, "choose `number` or `category`");
  }

  SourceColumn column_;
  Wants wants_;
  int64_t nulls_ = 0, positives_ = 0, negatives_ = 0;
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& params, const EncoderContext& context) {
  Params(params, {}, "encoder boolean");
  require_type(context.field, "boolean", {Type::boolean, Type::int64},
               "choose another encoder, or make it true or false with the rule `derive`");
  return std::make_unique<BooleanFit>(SourceColumn(context.field), context.wants);
}

const RegisterEncoder registered({
    .name = "boolean",
    .version = 1,
    .text = "True as 1, false as 0; whole numbers that are 0 and 1 too. Trees take a missing value "
            "as NaN; linear models take the share of true and, when training saw a missing value, "
            "a column `<name>_missing`.",
    .example = "{is_holiday: boolean}",
    .params = {},
    .make = make,
    .load = BooleanEncoder::load,
});

}  // namespace
}  // namespace gristmill
