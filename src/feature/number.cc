// Encoder `number`: float32; for learners that want it scaled to mean 0 and variance 1, with
// missing values filled and marked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/number_shape.h"
#include "feature/row_numbers.h"
#include "feature/source_column.h"
#include "feature/unfitted.h"
#include "sketch/moments.h"
#include "sketch/values.h"

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
  NumberEncoder(SourceColumn column, NumberShape shape, Scaling scaling)
      : column_(column), shape_(std::move(shape)), scaling_(scaling) {}

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
    shape_.save(state);
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
    return std::make_unique<NumberEncoder>(column, NumberShape::load(state), s);
  }

 private:
  template <class Get>
  void write(const Column& column, float* to, int64_t stride, Get get) const {
    if (shape_.identity()) return write_scaled(column, to, stride, get);
    write_scaled(column, to, stride, [&](int64_t i) { return shape_.of(get(i)); });
  }

  template <class Get>
  void write_scaled(const Column& column, float* to, int64_t stride, Get get) const {
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
  NumberShape shape_;
  Scaling scaling_;
};

class NumberFit : public EncoderFit {
 public:
  // `transform`: "none", "log", "power", "quantile" or "robust".
  NumberFit(SourceColumn column, const Wants& wants, std::string transform)
      : column_(std::move(column)), wants_(wants), transform_(std::move(transform)) {
    if (transform_ == "log") shape_ = NumberShape::log();
  }

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    if (is_first_pass()) {
      moments_.observe(column);
      row_numbers_.observe(column);
    }
    if (transform_ == "none") return;
    std::vector<double> values;
    for_numbers(column, [&](double x) {
      if (std::isfinite(x)) values.push_back(shape_.of(x));
    });
    if (shape_.identity()) {
      seen_.observe(values);
    } else {
      shaped_.observe(
          {.type = Type::float64, .length = int64_t(values.size()), .data = values.data()});
    }
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    auto copy = std::make_unique<NumberFit>(column_, wants_, transform_);
    copy->shape_ = shape_;
    return copy;
  }
  // By how its values lie, what is made of them is known: then it is measured.
  bool next_pass() override {
    if (transform_ != "power" || !is_first_pass() || moments_.constant()) return false;
    shape_ = NumberShape::power(seen_);
    return true;
  }
  void merge(EncoderFit&& later) override {
    const NumberFit& other = dynamic_cast<NumberFit&>(later);
    moments_.merge(other.moments_);
    row_numbers_.merge(other.row_numbers_);
    seen_.merge(other.seen_);
    shaped_.merge(other.shaped_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    bool gaps = moments_.nulls > 0 || moments_.not_finite > 0;
    if (moments_.count == 0) {
      *why = all_missing;
      return nullptr;
    }
    if (moments_.constant() && !gaps) {
      *why = fmt::format("constant: all its values are {}", moments_.min);
      return nullptr;
    }
    Scaling s;
    s.filled = wants_.fills();
    s.indicator = s.filled && gaps;
    s.value = !wants_.scaled || !moments_.constant();
    const bool quantile = transform_ == "quantile";
    const NumberShape shape = quantile && s.value ? NumberShape::quantile(seen_) : shape_;
    if (wants_.scaled && s.value) {
      scale(s);
    } else if (s.filled && !wants_.scaled && !quantile) {
      s.fill = std::clamp(shape.identity() ? moments_.mean : shaped_.mean, -largest, largest);
    }
    if (!std::isfinite(s.shift) || !std::isfinite(s.scale) || s.scale <= 0) {
      *why = transform_ == "robust"
                 ? "its middle half is one value, by which nothing can be scaled"
                 : "its values are too large, or too close to each other, to be scaled";
      return nullptr;
    }
    return std::make_unique<NumberEncoder>(column_, shape, s);
  }

  std::string unsuitable() const override {
    return row_numbers_.found() ? "looks like an identifier: it numbers the rows" : "";
  }

 private:
  // Only a power has a second one, in which its exponent is known.
  bool is_first_pass() const { return transform_ != "power" || shape_.identity(); }

  void scale(Scaling& s) const {
    if (transform_ == "quantile") return;  // normal scores have mean 0 and variance 1
    if (transform_ == "robust") {
      const std::vector<double> quartiles = seen_.quantiles(std::vector<double>{0.25, 0.5, 0.75});
      s.shift = quartiles[1], s.scale = quartiles[2] - quartiles[0];
      return;
    }
    const Moments& moments = shape_.identity() ? moments_ : shaped_;
    s.shift = moments.mean, s.scale = moments.deviation();
  }

  SourceColumn column_;
  Wants wants_;
  std::string transform_;
  Moments moments_;  // of the values themselves
  RowNumbers row_numbers_;
  Quantiles seen_;
  NumberShape shape_;
  Moments shaped_;  // of what the shape makes of them
};

const std::vector<ParamDoc> docs = {
    {"transform",
     "string",
     "What is made of it first. `log`: sign(x) · ln(1 + |x|). `power`: Yeo and Johnson's, by the "
     "greatest likelihood. `quantile`: normal scores, by 1,001 quantiles. `robust`: nothing, but "
     "it "
     "is scaled by median and quartiles. Trees are not changed by what is rising, linear models "
     "are.",
     "none",
     {},
     {},
     {"none", "log", "power", "quantile", "robust"}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given, docs, "encoder number");
  require_type(context.field, "number", {Type::int64, Type::float64, Type::boolean},
               "choose another encoder, or make the column a number with the rule `parse`");
  return std::make_unique<NumberFit>(SourceColumn(context.field), context.wants,
                                     params.text("transform"));
}

const RegisterEncoder registered({
    .name = "number",
    .version = 1,
    .text =
        "A number as float32. Trees take it as it is, missing values as NaN. Linear models take "
        "it scaled to mean 0 and variance 1 over the training rows; a missing value becomes 0 "
        "and, when training saw one, a column `<name>_missing` marks it.",
    .example = "{distance: number, price: {number: {transform: log}}}",
    .params = docs,
    .make = make,
    .load = NumberEncoder::load,
});

}  // namespace

std::unique_ptr<Encoder> unfitted_number(const Field& field, NumberShape shape) {
  return std::make_unique<NumberEncoder>(SourceColumn(field), std::move(shape), Scaling());
}

}  // namespace gristmill
