// Encoder `text`: fitting, and its registration.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "feature/ngrams.h"
#include "feature/term_counts.h"
#include "feature/text.h"

namespace gristmill {
namespace {

constexpr int64_t columns_unasked = 1000, terms_unasked = 20'000;

struct TextChoice {
  TermRule rule;
  double least = 2;  // texts that have a term; below 1: the share of them
  int64_t most = 0;  // terms
  bool sublinear = false;
  int64_t components = 0;  // 0: each term has a column
};

// First all terms are counted; then, in further passes, the directions are found.
class TextFit : public EncoderFit {
 public:
  TextFit(SourceColumn column, const Wants& wants, const TextChoice& choice)
      : column_(std::move(column)), wants_(wants), choice_(choice) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }

  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    if (weights_ != nullptr) return observe_weights(column);
    TextFit chunk(column_, wants_, choice_);
    chunk.count(column);
    merge(std::move(chunk));
  }

  std::unique_ptr<EncoderFit> clone_empty() const override {
    auto copy = std::make_unique<TextFit>(column_, wants_, choice_);
    copy->weights_ = weights_;
    if (space_) copy->sums_ = space_->chunk();
    return copy;
  }

  void merge(EncoderFit&& other) override {
    auto& later = dynamic_cast<TextFit&>(other);
    if (weights_ != nullptr) {
      if (later.sums_) space_->merge(*later.sums_);
      return;
    }
    counts_.merge(later.counts_);
    texts_ += later.texts_;
    nulls_ += later.nulls_;
  }

  bool next_pass() override {
    if (space_) return space_->next_pass();
    const auto least =
        choice_.least < 1 ? std::ceil(choice_.least * double(texts_)) : choice_.least;
    const auto terms = counts_.frequent(int64_t(least), size_t(choice_.most));
    counts_ = {};
    weights_ = std::make_shared<const TermWeights>(choice_.rule, choice_.sublinear, terms, texts_);
    if (choice_.components == 0 || terms.empty()) return false;
    space_.emplace(int64_t(terms.size()), choice_.components);
    return true;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (texts_ == 0) {
      *why = all_missing;
    } else if (weights_->terms().empty()) {
      *why = fmt::format("no {} is in enough of its texts to be kept",
                         choice_.rule.of_characters ? "sequence of characters" : "word");
    } else if (space_ && std::all_of(space_->deviations().begin(), space_->deviations().end(),
                                     [](double deviation) { return deviation == 0; })) {
      *why = "its texts do not differ";
    }
    if (!why->empty()) return nullptr;
    TextEncoder::Plan plan{.column = column_, .weights = *weights_};
    plan.filled = wants_.fills();
    plan.indicator = wants_.fills() && nulls_ > 0;
    if (space_) {
      plan.directions = space_->directions();
      if (wants_.fills()) plan.scaling = scaling();
    }
    return std::make_unique<TextEncoder>(std::move(plan));
  }

 private:
  void count(const Column& column) {
    Scratch scratch;
    size_t longest = 0;
    for (int64_t i = 0; i < column.length; ++i)
      if (!column.is_null(i)) longest = std::max(longest, column.string(i).size());
    TermCutter cutter(choice_.rule, longest, scratch);
    std::vector<std::string_view> terms;
    for (int64_t i = 0; i < column.length; ++i) {
      if (column.is_null(i)) {
        ++nulls_;
        continue;
      }
      ++texts_;
      terms.clear();
      cutter.cut(column.string(i), [&](std::string_view term) { terms.push_back(term); });
      std::sort(terms.begin(), terms.end());
      counts_.add(terms);
    }
  }

  // Summed by chunk, also where all chunks are seen by one.
  void observe_weights(const Column& column) {
    Scratch scratch;
    TermWeights::Reader reader(*weights_, column, scratch);
    auto add = [&](TermSpaceFit::Sums& sums) {
      for (int64_t i = 0; i < column.length; ++i)
        if (!column.is_null(i)) sums.add(reader.read(i));
    };
    if (sums_) return add(*sums_);
    TermSpaceFit::Sums sums = space_->chunk();
    add(sums);
    space_->merge(sums);
  }

  std::vector<double> scaling() const {
    std::vector<double> out;
    for (size_t k = 0; k < space_->means().size(); ++k) {
      const double deviation = space_->deviations()[k];
      out.push_back(space_->means()[k]);
      out.push_back(deviation > 0 ? deviation : 1);
    }
    return out;
  }

  SourceColumn column_;
  Wants wants_;
  TextChoice choice_;
  TermCounts counts_;
  int64_t texts_ = 0, nulls_ = 0;
  std::shared_ptr<const TermWeights> weights_;  // from the second pass on
  std::optional<TermSpaceFit> space_;           // of the fit that others are merged into
  std::optional<TermSpaceFit::Sums> sums_;      // of one chunk
};

const std::vector<ParamDoc> docs = {
    {"components",
     "integer",
     "How many numbers a text becomes; 0: one for each word or sequence. Without it 30 for trees, "
     "0 for linear models.",
     nullptr,
     0,
     double(TextEncoder::most_components),
     {}},
    {"analyzer",
     "string",
     "What a text is cut into. `words`: of two or more letters and digits. `characters`: sequences "
     "of characters within words, which bear typing errors and word forms.",
     "words",
     {},
     {},
     {"words", "characters"}},
    {"ngrams",
     "array",
     "The shortest and the longest sequence, in words or characters. Without it [1, 1] of words, "
     "[3, 4] of characters.",
     nullptr,
     {},
     {},
     {}},
    {"min_df",
     "number",
     "Words or sequences of fewer texts do not count; below 1 it is a share of the texts.",
     2,
     0,
     1000000000,
     {}},
    {"max_features",
     "integer",
     "The most words or sequences that count, the most frequent first. Without it 20,000, or "
     "1,000 where each has a number of its own, of which there are at most 4,096.",
     nullptr,
     1,
     double(TermWeights::most_terms),
     {}},
    {"sublinear_tf",
     "boolean",
     "A word that a text has n times counts 1 + ln(n) times instead of n.",
     false,
     {},
     {},
     {}},
};

// 50 and `characters` are short for the components and the analyzer.
nlohmann::json written_out(const nlohmann::json& given) {
  if (given.is_number()) return {{"components", given}};
  if (given.is_string()) return {{"analyzer", given}};
  return given;
}

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(written_out(given), docs, "encoder text");
  require_type(context.field, "text", {Type::string}, "choose `number` or `category`");
  TextChoice choice;
  choice.rule.of_characters = params.text("analyzer") == "characters";
  const nlohmann::json unasked =
      choice.rule.of_characters ? nlohmann::json{3, 4} : nlohmann::json{1, 1};
  const NgramLengths lengths = parse_ngrams(params.has("ngrams") ? params["ngrams"] : unasked,
                                            "encoder text", context.field.name, unasked.dump());
  choice.rule.shortest = lengths.shortest, choice.rule.longest = lengths.longest;
  choice.least = params.number("min_df");
  if (choice.least >= 1 && choice.least != std::floor(choice.least))
    throw Error(Code::invalid,
                fmt::format("encoder text: `min_df` is a number of texts or, below 1, a share of "
                            "them, not {}",
                            choice.least),
                {.field = context.field.name}, "for example 5 or 0.001");
  choice.sublinear = params.boolean("sublinear_tf");
  choice.components = params.has("components") ? params.integer("components")
                      : context.wants.scaled   ? 0
                                               : 30;
  const bool columns = choice.components == 0;
  choice.most = params.has("max_features") ? params.integer("max_features")
                : columns                  ? columns_unasked
                                           : terms_unasked;
  if (columns && choice.most > TextEncoder::most_columns)
    throw Error(Code::invalid,
                fmt::format("encoder text: {} words or sequences with a number each are more "
                            "columns than {}",
                            choice.most, TextEncoder::most_columns),
                {.field = context.field.name}, "take fewer, or `components: 30`");
  return std::make_unique<TextFit>(SourceColumn(context.field), context.wants, choice);
}

const RegisterEncoder registered({
    .name = "text",
    .version = 1,
    .text =
        "Short texts (titles, names, descriptions) by the words they have, or by the sequences of "
        "characters: TF-IDF, as scikit-learn's TfidfVectorizer computes it (`char_wb` for "
        "characters), each text brought to length 1. Linear models take one column for each of "
        "the most frequent words, `title~\"engine\"`; trees take a truncated SVD of all "
        "(randomized, Halko et al. 2011), `title~svd01` and on. Case and punctuation do not "
        "count, nor what comes after 16,384 bytes. A missing text is NaN for trees; linear models "
        "take it as 0 and, when training saw one, with a column `<name>_missing`.",
    .example = "{title: text, name: {text: characters}, note: {text: {components: 50, ngrams: [1, "
               "2]}}}",
    .params = docs,
    .make = make,
    .load = TextEncoder::load,
});

}  // namespace
}  // namespace gristmill
