// Encoder `list`: text that lists numbers, by place where all lists are equally long, else by what
// sums them up.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "feature/encoder.h"
#include "feature/source_column.h"
#include "feature/value_outputs.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t most_elements = 1000;  // that get a column

bool is_separator(char c) { return c == ',' || c == ';'; }

// An element; NaN when it is missing.
bool read_element(std::string_view text, double& value) {
  if (text.empty() || equal_ignoring_case(text, "null") || equal_ignoring_case(text, "nan")) {
    value = nan;
    return true;
  }
  if (!parse_float64(text, value)) return false;
  if (!std::isfinite(value)) value = nan;
  return true;
}

// Calls use(value) for each element of "[1, 2.5, null]", NaN where one is missing; brackets may
// lack, and elements be parted by commas, semicolons or space. False: the text is no such list.
template <class Use>
bool for_elements(std::string_view text, Use use) {
  text = trimmed(text);
  if (text.starts_with('[') != text.ends_with(']')) return false;
  if (text.starts_with('[')) text = trimmed(text.substr(1, text.size() - 2));
  bool after_separator = false;
  while (!text.empty() || after_separator) {
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return is_separator(c) || is_space(c); });
    double value;
    if (!read_element(text.substr(0, size_t(end - text.begin())), value)) return false;
    use(value);
    text = trimmed(text.substr(size_t(end - text.begin())));
    after_separator = !text.empty() && is_separator(text.front());
    if (after_separator) text = trimmed(text.substr(1));
  }
  return true;
}

// The numbers of a row: how many elements its list has; then those of the first places, or with no
// places the mean, least, greatest and deviation of all. NaN where there is none.
class ListValues {
 public:
  static constexpr size_t summaries = 4;

  explicit ListValues(int64_t places) : places_(size_t(places)) {}

  size_t places() const { return places_; }
  size_t size() const { return 1 + (places_ > 0 ? places_ : summaries); }
  std::string name(size_t value) const {
    if (value == 0) return "length";
    if (places_ > 0) return std::to_string(value);
    constexpr const char* names[summaries] = {"mean", "min", "max", "std"};
    return names[value - 1];
  }
  // False: no list, and all are NaN.
  bool read(std::string_view text, double* values) const {
    std::fill_n(values, size(), nan);
    const bool is_list = places_ > 0 ? read_places(text, values) : sum_up(text, values);
    if (!is_list) std::fill_n(values, size(), nan);
    return is_list;
  }

 private:
  bool read_places(std::string_view text, double* values) const {
    size_t length = 0;
    const bool is_list = for_elements(text, [&](double value) {
      if (length++ < places_) values[length] = value;
    });
    values[0] = double(length);
    return is_list;
  }
  static bool sum_up(std::string_view text, double* values) {
    double length = 0, count = 0, mean = 0, squares = 0;
    double least = std::numeric_limits<double>::infinity(), greatest = -least;
    const bool is_list = for_elements(text, [&](double value) {
      ++length;
      if (std::isnan(value)) return;
      const double distance = value - mean;
      mean += distance / ++count;
      squares += distance * (value - mean);
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    });
    values[0] = length;
    if (count > 0)
      values[1] = mean, values[2] = least, values[3] = greatest,
      values[4] = std::sqrt(squares / count);
    return is_list;
  }

  size_t places_;
};

class ListEncoder : public Encoder {
 public:
  ListEncoder(SourceColumn column, ListValues values, ValueOutputs outputs)
      : column_(std::move(column)), values_(values), outputs_(std::move(outputs)) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    const std::string& column = column_.name();
    TensorSpec spec{column, TensorKind::block, {}, column};
    for (const ValueOutput& output : outputs_.all()) {
      const bool of_list = output.marks && output.value == 0;
      spec.names.push_back((of_list ? column : column + "_" + values_.name(output.value)) +
                           (output.marks ? "_missing" : ""));
    }
    return {spec};
  }
  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch& scratch) const override {
    const Column& column = column_.in(rows);
    auto* values = scratch.values<double>(int64_t(values_.size()));
    float* to = out.floats + at[0];
    for (int64_t i = 0; i < column.length; ++i, to += out.float_stride) {
      if (column.is_null(i)) {
        std::fill_n(values, values_.size(), nan);
      } else {
        values_.read(column.string(i), values);
      }
      outputs_.write(values, to);
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.json["places"] = values_.places();
    outputs_.save(state);
    return state;
  }
  static std::unique_ptr<Encoder> load(const State& state) {
    const SourceColumn column = SourceColumn::load(state);
    const auto places = state.at<int64_t>("places");
    if (column.type() != Type::string || places < 0 || places > most_elements)
      throw Error(Code::corrupt, "an encoder `list` without text, or with too many places");
    const ListValues values(places);
    ValueOutputs outputs = ValueOutputs::load(state, values.size(), "list");
    if (outputs.empty()) throw Error(Code::corrupt, "an encoder `list` without an output");
    return std::make_unique<ListEncoder>(column, values, std::move(outputs));
  }

 private:
  SourceColumn column_;
  ListValues values_;
  ValueOutputs outputs_;
};

// First pass: how long the lists are, which decides what is made of them; second: their numbers.
class ListFit : public EncoderFit {
 public:
  // `places` 0: by the lists.
  ListFit(SourceColumn column, const Wants& wants, int64_t places)
      : column_(std::move(column)), wants_(wants), values_(places), chosen_(places > 0) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    chosen_ ? observe_values(column) : observe_lengths(column);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    auto copy = std::make_unique<ListFit>(column_, wants_, int64_t(values_.places()));
    copy->chosen_ = chosen_;
    return copy;
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<ListFit&>(other);
    shortest_ = std::min(shortest_, later.shortest_);
    longest_ = std::max(longest_, later.longest_);
    merge_moments(later.moments_);
  }
  bool next_pass() override {
    if (chosen_) return false;
    chosen_ = true;
    const bool by_place = shortest_ == longest_ && longest_ > 0 && longest_ <= most_elements;
    values_ = ListValues(by_place ? longest_ : 0);
    return true;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (moments_.empty() || moments_[0].count == 0) {
      *why = all_missing;
      return nullptr;
    }
    ValueOutputs outputs(wants_);
    const int64_t missing = moments_[0].not_finite;
    for (size_t v = 0; v < moments_.size(); ++v) {
      // A length that is always the same tells no more than the places do.
      if (v > 0 || values_.places() == 0 || !moments_[v].constant()) outputs.add(v, moments_[v]);
      const bool own_gaps = values_.places() > 0 && moments_[v].not_finite > missing;
      if (v == 0 ? missing > 0 : own_gaps && moments_[v].count > 0) outputs.mark(v);
    }
    if (outputs.empty()) {
      *why = "constant: all its lists are the same";
      return nullptr;
    }
    return std::make_unique<ListEncoder>(column_, values_, std::move(outputs));
  }

 private:
  void observe_lengths(const Column& column) {
    for (int64_t i = 0; i < column.length; ++i) {
      if (column.is_null(i)) continue;
      int64_t length = 0;
      if (!for_elements(column.string(i), [&](double) { ++length; })) refuse(column.string(i));
      shortest_ = std::min(shortest_, length);
      longest_ = std::max(longest_, length);
    }
  }
  void observe_values(const Column& column) {
    constexpr int64_t block_rows = 1024;  // whose numbers are held at once
    const size_t width = values_.size();
    std::vector<Moments> chunk(width);
    std::vector<double> row(width);
    std::vector<std::vector<double>> columns(width, std::vector<double>(size_t(block_rows)));
    for (int64_t first = 0; first < column.length; first += block_rows) {
      const int64_t rows = std::min(block_rows, column.length - first);
      for (int64_t i = 0; i < rows; ++i) {
        if (column.is_null(first + i)) {
          std::fill(row.begin(), row.end(), nan);
        } else if (!values_.read(column.string(first + i), row.data())) {
          refuse(column.string(first + i));
        }
        for (size_t v = 0; v < width; ++v) columns[v][size_t(i)] = row[v];
      }
      for (size_t v = 0; v < width; ++v)
        chunk[v].observe({.type = Type::float64, .length = rows, .data = columns[v].data()});
    }
    merge_moments(chunk);
  }
  void merge_moments(const std::vector<Moments>& later) {
    moments_.resize(std::max(moments_.size(), later.size()));
    for (size_t v = 0; v < later.size(); ++v) moments_[v].merge(later[v]);
  }
  [[noreturn]] void refuse(std::string_view text) const {
    throw Error(Code::invalid,
                fmt::format("the column `{}` has {}, which is no list of numbers", column_.name(),
                            excerpt(text)),
                {.field = column_.name()},
                "a list is written as [1, 2.5, null]; clean what is none with the rule `missing`");
  }

  SourceColumn column_;
  Wants wants_;
  ListValues values_;
  bool chosen_;  // what is made of the lists
  int64_t shortest_ = std::numeric_limits<int64_t>::max(), longest_ = 0;
  std::vector<Moments> moments_;  // by value
};

const std::vector<ParamDoc> docs = {
    {"width",
     "integer",
     "So many elements get a column each, from the first on: shorter lists are missing there, what "
     "is longer is not looked at. Without it, all elements where training saw lists of one length, "
     "of at most 1,000; else what sums them up.",
     nullptr,
     1,
     double(most_elements),
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given, docs, "encoder list");
  require_type(context.field, "list", {Type::string}, "choose `number`");
  return std::make_unique<ListFit>(SourceColumn(context.field), context.wants,
                                   params.has("width") ? params.integer("width") : 0);
}

const RegisterEncoder registered({
    .name = "list",
    .version = 1,
    .text = "Text that lists numbers, as `[1, 2.5, null]`; list columns of Parquet and JSON are "
            "read as such text. Lists of one length become one number a place; lists of several, "
            "their length, mean, least, greatest and standard deviation. What is no list is an "
            "error in training, and missing in a request. Trees take what is missing as NaN; "
            "linear models take numbers scaled to mean 0 and variance 1, what is missing as 0 and, "
            "when training saw it, a column `<name>_missing`.",
    .example = "{readings: list, embedding: {list: {width: 64}}}",
    .params = docs,
    .make = make,
    .load = ListEncoder::load,
});

}  // namespace
}  // namespace gristmill
