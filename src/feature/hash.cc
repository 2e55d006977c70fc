// Encoder `hash`: a category as one of a fixed number of buckets.
#include <fmt/format.h>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/source_column.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t most_buckets = int64_t(1) << 20, most_columns = 4096;
constexpr int64_t first_bucket = 2;  // of a code: 0 is missing, 1 never occurs

class HashEncoder : public Encoder {
 public:
  HashEncoder(SourceColumn column, int64_t buckets, bool with_signs)
      : column_(std::move(column)), buckets_(buckets), with_signs_(with_signs) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::block, {}, column_.name()};
    if (!with_signs_) {
      spec.kind = TensorKind::code;
      spec.names = {"", ""};
    }
    for (int64_t i = 0; i < buckets_; ++i)
      spec.names.push_back(with_signs_ ? fmt::format("{}=#{}", column_.name(), i)
                                       : fmt::format("#{}", i));
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    for (int64_t i = 0; i < column.length; ++i) {
      const bool missing = column.is_null(i);
      const uint64_t hash = hash_cell(column, i);
      const auto bucket = int64_t(hash % uint64_t(buckets_));
      if (!with_signs_) {
        out.codes[i * out.code_stride + at[0]] = missing ? 0 : int32_t(first_bucket + bucket);
        continue;
      }
      float* cells = out.floats + i * out.float_stride + at[0];
      std::fill_n(cells, buckets_, 0.0f);
      // The sign is of bits that the bucket hardly depends on.
      if (!missing) cells[bucket] = (mix64(hash) & 1) != 0 ? 1.0f : -1.0f;
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.json["buckets"] = buckets_;
    state.json["signed"] = with_signs_;
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    const SourceColumn column = SourceColumn::load(state);
    const auto buckets = state.at<int64_t>("buckets");
    const bool with_signs = state.at<bool>("signed");
    if (!has_levels(column.type()))
      throw Error(Code::corrupt, "an encoder `hash` over a column that has no levels");
    if (buckets < 2 || buckets > (with_signs ? most_columns : most_buckets))
      throw Error(Code::corrupt, "an encoder `hash` with too few or too many buckets");
    return std::make_unique<HashEncoder>(column, buckets, with_signs);
  }

 private:
  SourceColumn column_;
  int64_t buckets_;
  bool with_signs_;
};

// Learns nothing but whether there is anything to encode.
class HashFit : public EncoderFit {
 public:
  HashFit(SourceColumn column, int64_t buckets, bool with_signs)
      : column_(std::move(column)), buckets_(buckets), with_signs_(with_signs) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    present_ += column.length - column.null_count();
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<HashFit>(column_, buckets_, with_signs_);
  }
  void merge(EncoderFit&& later) override { present_ += dynamic_cast<HashFit&>(later).present_; }
  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (present_ == 0) {
      *why = all_missing;
      return nullptr;
    }
    return std::make_unique<HashEncoder>(column_, buckets_, with_signs_);
  }

 private:
  SourceColumn column_;
  int64_t buckets_;
  bool with_signs_;
  int64_t present_ = 0;
};

const std::vector<ParamDoc> docs = {
    {"buckets", "integer", "How many there are.", 256, 2, double(most_buckets), {}},
    {"signed",
     "boolean",
     "One column a bucket, of 1 or -1 by another bit of the hash, so that values that share a "
     "bucket do not add up; at most 4,096 buckets.",
     false,
     {},
     {},
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given.is_number() ? nlohmann::json{{"buckets", given}} : given, docs,
                      "encoder hash");
  require_level_type(context.field, "hash");
  const int64_t buckets = params.integer("buckets");
  const bool with_signs = params.boolean("signed");
  if (with_signs && buckets > most_columns)
    throw Error(Code::invalid,
                fmt::format("encoder hash: {} signed buckets are more columns than {}", buckets,
                            most_columns),
                {.field = context.field.name}, "take fewer, or leave out `signed`");
  return std::make_unique<HashFit>(SourceColumn(context.field), buckets, with_signs);
}

const RegisterEncoder registered({
    .name = "hash",
    .version = 1,
    .text = "Text, whole numbers or booleans as one of a fixed number of buckets, by their hash "
            "(Weinberger et al. 2009): nothing is learned, so that a value which training never "
            "saw has a bucket too. Trees take the bucket as a category, linear models as one "
            "weight; a missing value is a category of its own.",
    .example = "{tailnum: {hash: 256}, dest: {hash: {buckets: 64, signed: true}}}",
    .params = docs,
    .make = make,
    .load = HashEncoder::load,
});

}  // namespace
}  // namespace gristmill
