// Encoder `minhash`: texts that are written alike get like numbers.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/ngrams.h"
#include "feature/source_column.h"
#include "sketch/hash.h"
#include "sketch/moments.h"

namespace gristmill {
namespace {

constexpr int64_t most_components = 1024;

struct MinHashShape {
  int64_t components;
  int shortest, longest;  // n-grams, in characters
};

// The least of each component's hashes over all n-grams, brought to [0, 1).
class MinHash {
 public:
  explicit MinHash(const MinHashShape& shape) : shape_(shape) {
    for (int64_t j = 0; j < shape.components; ++j) seeds_.push_back(mix64(uint64_t(j) + 1));
  }

  // O(n-grams × components).
  // `least`: room for one number a component.
  void of(std::string_view text, uint64_t* least, float* out) const {
    std::fill_n(least, seeds_.size(), std::numeric_limits<uint64_t>::max());
    for_ngrams(text, shape_.shortest, shape_.longest, [&](std::string_view ngram) {
      const uint64_t hash = hash64(ngram);
      for (size_t j = 0; j < seeds_.size(); ++j)
        least[j] = std::min(least[j], mix64(hash ^ seeds_[j]));
    });
    for (size_t j = 0; j < seeds_.size(); ++j) out[j] = float(least[j] >> 40) * 0x1p-24f;
  }
  const MinHashShape& shape() const { return shape_; }

 private:
  MinHashShape shape_;
  std::vector<uint64_t> seeds_;
};

class MinHashEncoder : public Encoder {
 public:
  // `scaling`: shift and scale of each component; empty where it stays as it is and missing is NaN.
  MinHashEncoder(SourceColumn column, const MinHashShape& shape, std::vector<float> scaling,
                 bool indicator)
      : column_(std::move(column)),
        min_hash_(shape),
        scaling_(std::move(scaling)),
        indicator_(indicator) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::block, {}, column_.name()};
    for (int64_t j = 0; j < min_hash_.shape().components; ++j)
      spec.names.push_back(fmt::format("{}_minhash{}", column_.name(), j));
    if (indicator_) spec.names.push_back(column_.name() + "_missing");
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch& scratch) const override {
    const Column& column = column_.in(rows);
    const auto width = size_t(min_hash_.shape().components);
    auto* least = scratch.values<uint64_t>(int64_t(width));
    for (int64_t i = 0; i < column.length; ++i) {
      float* cells = out.floats + i * out.float_stride + at[0];
      const bool missing = column.is_null(i);
      if (indicator_) cells[width] = float(missing);
      if (missing) {
        std::fill_n(cells, width, scaling_.empty() ? std::numeric_limits<float>::quiet_NaN() : 0);
        continue;
      }
      min_hash_.of(column.string(i), least, cells);
      for (size_t j = 0; j < scaling_.size() / 2; ++j)
        cells[j] = (cells[j] - scaling_[2 * j]) / scaling_[2 * j + 1];
    }
  }

  State save() const override {
    const MinHashShape& shape = min_hash_.shape();
    State state;
    column_.save(state);
    state.json["components"] = shape.components;
    state.json["ngrams"] = {shape.shortest, shape.longest};
    state.json["indicator"] = indicator_;
    state.put<float>("scaling", scaling_);
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    const SourceColumn column = SourceColumn::load(state);
    const auto ngrams = state.at<std::vector<int>>("ngrams");
    const auto components = state.at<int64_t>("components");
    const auto scaling = state.get<float>("scaling");
    if (column.type() != Type::string || components < 1 || components > most_components ||
        ngrams.size() != 2 || !fit_ngrams(ngrams[0], ngrams[1]))
      throw Error(Code::corrupt, "an encoder `minhash` without text, components or n-grams");
    if (!scaling.empty() && int64_t(scaling.size()) != 2 * components)
      throw Error(Code::corrupt, "an encoder `minhash` with a scaling of another size");
    for (size_t j = 1; j < scaling.size(); j += 2)
      if (!(scaling[j] > 0)) throw Error(Code::corrupt, "an encoder `minhash` divides by nothing");
    return std::make_unique<MinHashEncoder>(column, MinHashShape{components, ngrams[0], ngrams[1]},
                                            std::vector<float>(scaling.begin(), scaling.end()),
                                            state.at<bool>("indicator"));
  }

 private:
  SourceColumn column_;
  MinHash min_hash_;
  std::vector<float> scaling_;
  bool indicator_;
};

class MinHashFit : public EncoderFit {
 public:
  MinHashFit(SourceColumn column, const Wants& wants, const MinHashShape& shape)
      : column_(std::move(column)),
        wants_(wants),
        min_hash_(shape),
        moments_(wants_.fills() ? size_t(shape.components) : 0) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    nulls_ += column.null_count();
    present_ += column.length - column.null_count();
    if (moments_.empty()) return;
    std::vector<ColumnBuffer> values(moments_.size(), ColumnBuffer(Type::float64));
    std::vector<float> cells(moments_.size());
    std::vector<uint64_t> least(moments_.size());
    for (int64_t i = 0; i < column.length; ++i) {
      if (column.is_null(i)) continue;
      min_hash_.of(column.string(i), least.data(), cells.data());
      for (size_t j = 0; j < cells.size(); ++j) values[j].append(double(cells[j]));
    }
    for (size_t j = 0; j < values.size(); ++j) moments_[j].observe(values[j].view());
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<MinHashFit>(column_, wants_, min_hash_.shape());
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<MinHashFit&>(other);
    nulls_ += later.nulls_;
    present_ += later.present_;
    for (size_t j = 0; j < moments_.size(); ++j) moments_[j].merge(later.moments_[j]);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (present_ == 0) {
      *why = all_missing;
      return nullptr;
    }
    std::vector<float> scaling;
    for (const Moments& moments : moments_) {
      scaling.push_back(float(moments.mean));
      scaling.push_back(moments.constant() ? 1 : float(moments.deviation()));
    }
    return std::make_unique<MinHashEncoder>(column_, min_hash_.shape(), std::move(scaling),
                                            wants_.fills() && nulls_ > 0);
  }

 private:
  SourceColumn column_;
  Wants wants_;
  MinHash min_hash_;
  std::vector<Moments> moments_;  // by component
  int64_t nulls_ = 0, present_ = 0;
};

const std::vector<ParamDoc> docs = {
    {"components", "integer", "How many numbers a text becomes.", 30, 1, most_components, {}},
    {"ngrams",
     "array",
     "The shortest and the longest sequence of characters that is compared.",
     {2, 4},
     {},
     {},
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given.is_number() ? nlohmann::json{{"components", given}} : given, docs,
                      "encoder minhash");
  require_type(context.field, "minhash", {Type::string}, "choose `category`");
  const NgramLengths ngrams =
      parse_ngrams(params["ngrams"], "encoder minhash", context.field.name, "[2, 4]");
  return std::make_unique<MinHashFit>(
      SourceColumn(context.field), context.wants,
      MinHashShape{params.integer("components"), ngrams.shortest, ngrams.longest});
}

const RegisterEncoder registered({
    .name = "minhash",
    .version = 1,
    .text =
        "Text that is written in many ways (`Senior Engineer`, `engineer, sr.`) as numbers that "
        "are the more often equal the more character n-grams two texts share (Cerda and "
        "Varoquaux 2020). Nothing is learned of the values, so that new ones are encoded as "
        "well. The case of ASCII letters and repeated space do not count, nor what comes after "
        "1,024 bytes. Trees take the numbers as they are, missing values as NaN; linear models "
        "take them scaled to mean 0 and variance 1, a missing value as 0 and, when training "
        "saw one, a column `<name>_missing`.",
    .example = "{job: minhash, company: {minhash: {components: 50, ngrams: [2, 3]}}}",
    .params = docs,
    .make = make,
    .load = MinHashEncoder::load,
});

}  // namespace
}  // namespace gristmill
