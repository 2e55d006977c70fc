// Encoder `category`: a code for each frequent value; 0 missing, 1 rare or never seen.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/source_column.h"
#include "feature/unfitted.h"

namespace gristmill {
namespace {

constexpr int64_t most_levels = 1'000'000;

class CategoryEncoder : public Encoder {
 public:
  CategoryEncoder(SourceColumn column, std::vector<std::string> levels)
      : column_(column), levels_(std::move(levels)) {
    table_ = LevelTable({levels_.begin(), levels_.end()});
    if (column.type() == Type::boolean)
      for (int64_t value : {0, 1}) boolean_codes_[value] = table_.code(value);
  }

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::code, {"", ""}, column_.name()};
    for (const std::string& level : levels_)
      spec.names.push_back(name_of_level(column_.type(), level));
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    int32_t* to = out.codes + at[0];
    switch (column.type) {
      case Type::string:
        write(column, to, out.code_stride,
              [&](int64_t i) { return table_.code(column.string(i)); });
        break;
      case Type::boolean:
        write(column, to, out.code_stride,
              [&](int64_t i) { return boolean_codes_[column.boolean(i)]; });
        break;
      default:
        write(column, to, out.code_stride,
              [&, v = column.values<int64_t>()](int64_t i) { return table_.code(v[i]); });
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.put_strings("levels", levels_);
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    SourceColumn column = SourceColumn::load(state);
    return std::make_unique<CategoryEncoder>(
        column, load_levels(state, column.type(), "category", most_levels));
  }

 private:
  template <class Code>
  static void write(const Column& column, int32_t* to, int64_t stride, Code code) {
    if (column.validity == nullptr) {
      for (int64_t i = 0; i < column.length; ++i) to[i * stride] = code(i);
      return;
    }
    for (int64_t i = 0; i < column.length; ++i)
      to[i * stride] = get_bit(column.validity, i) ? code(i) : 0;
  }

  SourceColumn column_;
  std::vector<std::string> levels_;
  LevelTable table_;
  int32_t boolean_codes_[2] = {1, 1};
};

class CategoryFit : public EncoderFit {
 public:
  // `min_count` 0: by the number of rows.
  CategoryFit(const Field& field, int64_t levels, int64_t min_count)
      : column_(field), most_(levels), min_count_(min_count) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }

  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    count_levels(column, counts_);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    // Not a copy of *this, whose counts may be large.
    Field field{column_.name(), column_.type()};
    return std::make_unique<CategoryFit>(field, most_, min_count_);
  }
  void merge(EncoderFit&& later) override {
    counts_.merge(dynamic_cast<CategoryFit&>(later).counts_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    *why = nothing_in(column_.type(), counts_);
    if (!why->empty()) return nullptr;
    std::vector<std::string> levels = frequent_levels(column_.type(), counts_, min_count(), most_);
    if (levels.empty() && counts_.nulls() == 0) {
      *why = fmt::format("none of its values occurs at least {} times", min_count());
      return nullptr;
    }
    return std::make_unique<CategoryEncoder>(column_, std::move(levels));
  }

  std::string nature() const override {
    const std::string values =
        fmt::format("{}{} {}", counts_.left_over() > 0 ? "more than " : "", counts_.distinct(),
                    counts_.distinct() == 1 ? "value" : "values");
    return is_prose() ? fmt::format("{} of {:.1f} words", values, words().mean) : values;
  }
  // Many values: all but distinct ones, which else tell nothing, or such as share their words.
  bool is_prose() const override {
    constexpr int64_t few = 1000;  // texts, too few to tell what a word means
    if (column_.type() != Type::string || counts_.admitted() + counts_.left_over() < few)
      return false;
    const bool distinct = !unsuitable().empty();
    if (!distinct && !overflows()) return false;
    if (mostly_long()) return true;
    const Words words = this->words();
    return words.mean >= several_words && (distinct || words.distinct * 2 < counts_.distinct());
  }
  bool overflows() const override { return int64_t(counts_.distinct()) > most_; }

  std::string unsuitable() const override {
    if (column_.type() != Type::string) return {};
    int64_t present = counts_.admitted() + counts_.left_over();
    if (mostly_long())
      return fmt::format("looks like free text: its long values have {} bytes on average",
                         counts_.long_bytes() / counts_.too_long());
    constexpr int64_t few = 100;  // rows from which distinct values are no accident
    // Of the values that were counted: all, or the first 262,144 different ones.
    double distinct = double(counts_.distinct()) / double(std::max<int64_t>(counts_.admitted(), 1));
    if (present <= few || distinct <= 0.5) return {};
    const std::string share =
        int64_t(counts_.distinct()) == present ? "all" : fmt::format("{:.1f} %", distinct * 100);
    return fmt::format("looks like an identifier: {} {} values are distinct{}", share,
                       share == "all" ? "its" : "of its",
                       words().mean >= several_words
                           ? "; if its words tell something, say `text` in `features`"
                           : "");
  }

 private:
  static constexpr double several_words = 1.5;  // a row, on average: more than a name of one word

  struct Words {
    double mean = 0;  // of a row
    size_t distinct = 0;
  };
  Words words() const {
    LevelCounts words;
    int64_t rows = 0, all = 0;
    for (const LevelCounts::Level& level : counts_.levels()) {
      rows += level.count;
      for (std::string_view rest = trimmed(level.value); !rest.empty(); rest = trimmed(rest)) {
        const auto end = std::find_if(rest.begin(), rest.end(), is_space);
        words.add(rest.substr(0, size_t(end - rest.begin())));
        rest.remove_prefix(size_t(end - rest.begin()));
        all += level.count;
      }
    }
    return {double(all) / double(std::max<int64_t>(rows, 1)), words.distinct()};
  }
  bool mostly_long() const {
    return counts_.too_long() * 2 > counts_.admitted() + counts_.left_over();
  }
  int64_t min_count() const {
    if (min_count_ > 0) return min_count_;
    return least_count(counts_.admitted() + counts_.left_over() + counts_.nulls());
  }

  SourceColumn column_;
  int64_t most_;
  int64_t min_count_;
  LevelCounts counts_;
};

const std::vector<ParamDoc> docs = {
    {"levels",
     "integer",
     "The most levels kept, the most frequent first.",
     255,
     1,
     most_levels,
     {}},
    {"min_count",
     "integer",
     "A value that occurs less often counts as rare; without it 1 of 1,000 rows, at least 2 and at "
     "most 250.",
     nullptr,
     1,
     {},
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  Params params(given, docs, "encoder category");
  require_level_type(context.field, "category");
  return std::make_unique<CategoryFit>(context.field, params.integer("levels"),
                                       params.has("min_count") ? params.integer("min_count") : 0);
}

const RegisterEncoder registered({
    .name = "category",
    .version = 1,
    .text = "A code for each frequent value of text, whole numbers or booleans: 0 is missing, 1 is "
            "rare or never seen in training, then the values by falling count. Trees take the code "
            "as a category, linear models as one weight a level.",
    .example = "{dest: {category: {levels: 50}}}",
    .params = docs,
    .make = make,
    .load = CategoryEncoder::load,
});

}  // namespace

std::unique_ptr<Encoder> unfitted_category(const Field& field, std::vector<std::string> levels) {
  return std::make_unique<CategoryEncoder>(SourceColumn(field), std::move(levels));
}

}  // namespace gristmill
