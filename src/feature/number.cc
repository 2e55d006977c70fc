// Encoder `number`: float32; for learners that want it scaled to mean 0 and variance 1, with
// missing values filled and marked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/source_column.h"
#include "sketch/moments.h"

namespace gristmill {
namespace {

constexpr double largest = std::numeric_limits<float>::max();

// How a value becomes a feature: (x − shift) / scale in double, then float32.
struct Scaling {
  double shift = 0, scale = 1;
  double fill = 0;      // written for what is missing, when `filled`
  bool filled = false;  // else NaN is written
  bool value = true;    // a constant with gaps has only its indicator
  bool indicator = false;

  // Beyond float32 is its largest: trees keep the order, and nothing becomes infinite.
  float of(double x) const {
    double y = (x - shift) / scale;
    return float(y < -largest ? -largest : y > largest ? largest : y);
  }
  // Learners that cannot take a NaN cannot take an infinity either.
  bool is_missing(double x) const { return std::isnan(x) || (filled && std::isinf(x)); }
  float missing() const { return filled ? float(fill) : std::numeric_limits<float>::quiet_NaN(); }
};

class NumberEncoder : public Encoder {
 public:
  NumberEncoder(SourceColumn column, Scaling scaling) : column_(column), scaling_(scaling) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::block, {}, column_.name()};
    if (scaling_.value) spec.names.push_back(column_.name());
    if (scaling_.indicator) spec.names.push_back(column_.name() + "_missing");
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    float* to = out.floats + at[0];
    switch (column.type) {
      case Type::boolean:
        write(column, to, out.float_stride, [&](int64_t i) { return double(column.boolean(i)); });
        break;
      case Type::int64:
        write(column, to, out.float_stride,
              [v = column.values<int64_t>()](int64_t i) { return double(v[i]); });
        break;
      default:
        write(column, to, out.float_stride,
              [v = column.values<double>()](int64_t i) { return v[i]; });
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.put<double>("scaling", {scaling_.shift, scaling_.scale, scaling_.fill});
    state.json["filled"] = scaling_.filled;
    state.json["value"] = scaling_.value;
    state.json["indicator"] = scaling_.indicator;
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    Scaling s;
    auto numbers = state.get<double>("scaling");
    if (numbers.size() != 3 || !(std::isfinite(numbers[0]) && std::isfinite(numbers[2])) ||
        !(numbers[1] > 0 && std::isfinite(numbers[1])))
      throw Error(Code::corrupt, "the scaling of an encoder `number` is not one");
    s.shift = numbers[0], s.scale = numbers[1], s.fill = numbers[2];
    s.filled = state.at<bool>("filled");
    s.value = state.at<bool>("value");
    s.indicator = state.at<bool>("indicator");
    SourceColumn column = SourceColumn::load(state);
    if (!is_number(column.type()) && column.type() != Type::boolean)
      throw Error(Code::corrupt, "an encoder `number` over a column that is none");
    if (!s.value && !s.indicator)
      throw Error(Code::corrupt, "an encoder `number` without an output");
    return std::make_unique<NumberEncoder>(column, s);
  }

 private:
  template <class Get>
  void write(const Column& column, float* to, int64_t stride, Get get) const {
    const Scaling s = scaling_;
    const uint8_t* validity = column.validity;
    if (s.value && !s.indicator) {
      const float missing = s.missing();
      for (int64_t i = 0; i < column.length; ++i) {
        double x = get(i);
        bool gap = (validity != nullptr && !get_bit(validity, i)) || s.is_missing(x);
        to[i * stride] = gap ? missing : s.of(x);
      }
      return;
    }
    for (int64_t i = 0; i < column.length; ++i) {
      float* cell = to + i * stride;
      double x = get(i);
      bool gap = (validity != nullptr && !get_bit(validity, i)) || s.is_missing(x);
      if (s.value) *cell++ = gap ? s.missing() : s.of(x);
      *cell = gap ? 1.0f : 0.0f;
    }
  }

  SourceColumn column_;
  Scaling scaling_;
};

// Whether a column numbers the rows: whole numbers, each above the one before it, or each below,
// and close together.
class RowNumbers {
 public:
  void observe(const Column& column) {
    if (column.type != Type::int64 || column.null_count() > 0) rising_ = falling_ = false;
    const int64_t* values = column.values<int64_t>();
    for (int64_t i = 0; i < column.length && (rising_ || falling_); ++i) add(values[i], values[i]);
    if (rising_ || falling_) count_ += column.length;
  }
  void merge(const RowNumbers& later) {
    rising_ = rising_ && later.rising_;
    falling_ = falling_ && later.falling_;
    if (later.count_ > 0 && (rising_ || falling_)) add(later.first_, later.last_);
    count_ += later.count_;
  }
  bool found() const {
    constexpr int64_t few = 100;  // rows from which an order is no accident
    constexpr double gaps = 4;    // numbers a row: others are validated and tested on, or dropped
    return (rising_ || falling_) && count_ > few &&
           std::abs(double(last_) - double(first_)) < gaps * double(count_);
  }

 private:
  // Rows that begin and end with these, after those before.
  void add(int64_t first, int64_t last) {
    if (any_) {
      rising_ = rising_ && first > last_;
      falling_ = falling_ && first < last_;
    } else {
      first_ = first;
    }
    any_ = true;
    last_ = last;
  }

  bool rising_ = true, falling_ = true, any_ = false;
  int64_t first_ = 0, last_ = 0, count_ = 0;
};

class NumberFit : public EncoderFit {
 public:
  NumberFit(SourceColumn column, const Wants& wants) : column_(std::move(column)), wants_(wants) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const Batch& rows) override {
    const Column& column = rows.columns[rows.schema->index_of(column_.name(), "a feature")];
    moments_.observe(column);
    row_numbers_.observe(column);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<NumberFit>(column_, wants_);
  }
  void merge(EncoderFit&& later) override {
    const NumberFit& other = dynamic_cast<NumberFit&>(later);
    moments_.merge(other.moments_);
    row_numbers_.merge(other.row_numbers_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    bool gaps = moments_.nulls > 0 || moments_.not_finite > 0;
    if (moments_.count == 0) {
      *why = "all its values are missing";
      return nullptr;
    }
    if (moments_.constant() && !gaps) {
      *why = fmt::format("constant: all its values are {}", moments_.min);
      return nullptr;
    }
    Scaling s;
    s.filled = wants_.scaled || !wants_.missing;
    s.indicator = s.filled && gaps;
    if (wants_.scaled) {
      s.value = !moments_.constant();
      if (s.value) s.shift = moments_.mean, s.scale = moments_.deviation();
    } else if (s.filled) {
      s.fill = std::clamp(moments_.mean, -largest, largest);
    }
    if (!std::isfinite(s.shift) || !std::isfinite(s.scale) || s.scale <= 0) {
      *why = "its values are too large, or too close to each other, to be scaled";
      return nullptr;
    }
    return std::make_unique<NumberEncoder>(column_, s);
  }

  std::string unsuitable() const override {
    return row_numbers_.found() ? "looks like an identifier: it numbers the rows" : "";
  }

 private:
  SourceColumn column_;
  Wants wants_;
  Moments moments_;
  RowNumbers row_numbers_;
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& params, const EncoderContext& context) {
  Params(params, {}, "encoder number");
  require_type(context.field, "number", {Type::int64, Type::float64, Type::boolean},
               "choose another encoder, or make the column a number with the rule `parse`");
  return std::make_unique<NumberFit>(SourceColumn(context.field), context.wants);
}

const RegisterEncoder registered({
    .name = "number",
    .version = 1,
    .text =
        "A number as float32. Trees take it as it is, missing values as NaN. Linear models take "
        "it scaled to mean 0 and variance 1 over the training rows; a missing value becomes 0 "
        "and, when training saw one, a column `<name>_missing` marks it.",
    .example = "{distance: number}",
    .params = {},
    .make = make,
    .load = NumberEncoder::load,
});

}  // namespace
}  // namespace gristmill
