// TF-IDF: what a text's terms weigh, as scikit-learn's TfidfVectorizer has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/state.h"
#include "feature/levels.h"
#include "feature/term_counts.h"
#include "feature/terms.h"

namespace gristmill {

// A term of the vocabulary, and its weight in a text.
struct TermWeight {
  int32_t term;
  double weight;
};

// A vocabulary, and how a text is weighed by it: (number of occurrences, or with `sublinear`
// 1 + ln of it) · (1 + ln((1 + texts) / (1 + texts with the term))), brought to length 1.
class TermWeights {
 public:
  static constexpr int64_t most_terms = 100'000;

  TermWeights(const TermRule& rule, bool sublinear, const std::vector<TermCounts::Term>& terms,
              int64_t texts);
  const TermRule& rule() const { return rule_; }
  const std::vector<std::string>& terms() const { return terms_; }

  void save(State& state) const;
  static TermWeights load(const State& state);  // Code::corrupt

  // Weighs texts of a batch one after the other.
  class Reader {
   public:
    Reader(const TermWeights& of, const Column& column, Scratch& scratch);
    // Of row i, which is not missing: by rising term, none twice. Valid until the next.
    std::span<const TermWeight> read(int64_t i);

   private:
    const TermWeights& of_;
    const Column& column_;
    TermCutter cutter_;
    int32_t* found_;
    TermWeight* weights_;
  };

 private:
  TermWeights(const TermRule& rule, bool sublinear, std::vector<std::string> terms,
              std::vector<double> rarity);

  TermRule rule_;
  bool sublinear_;
  std::vector<std::string> terms_;
  std::vector<double> rarity_;  // idf, by term
  LevelTable table_;
};

}  // namespace gristmill
