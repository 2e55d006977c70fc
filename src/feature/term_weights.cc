#include "feature/term_weights.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "feature/ngrams.h"

namespace gristmill {
namespace {

size_t longest_text(const Column& column) {
  size_t longest = 0;
  for (int64_t i = 0; i < column.length; ++i)
    if (!column.is_null(i)) longest = std::max(longest, column.string(i).size());
  return longest;
}

}  // namespace

TermWeights::TermWeights(const TermRule& rule, bool sublinear, std::vector<std::string> terms,
                         std::vector<double> rarity)
    : rule_(rule),
      sublinear_(sublinear),
      terms_(std::move(terms)),
      rarity_(std::move(rarity)),
      table_({terms_.begin(), terms_.end()}) {}

TermWeights::TermWeights(const TermRule& rule, bool sublinear,
                         const std::vector<TermCounts::Term>& terms, int64_t texts)
    : rule_(rule), sublinear_(sublinear) {
  for (const TermCounts::Term& term : terms) {
    terms_.push_back(term.text);
    rarity_.push_back(std::log(double(1 + texts) / double(1 + term.texts)) + 1);
  }
  table_ = LevelTable({terms_.begin(), terms_.end()});
}

TermWeights::Reader::Reader(const TermWeights& of, const Column& column, Scratch& scratch)
    : of_(of), column_(column), cutter_(of.rule_, longest_text(column), scratch) {
  const int64_t most = of.rule_.most_terms(longest_text(column));
  found_ = scratch.values<int32_t>(most);
  weights_ = scratch.values<TermWeight>(std::min(most, int64_t(of.terms_.size())));
}

std::span<const TermWeight> TermWeights::Reader::read(int64_t i) {
  int32_t* end = found_;
  cutter_.cut(column_.string(i), [&](std::string_view term) {
    const int32_t code = of_.table_.code(term);
    if (code >= LevelTable::first_code) *end++ = code - LevelTable::first_code;
  });
  std::sort(found_, end);
  size_t used = 0;
  double squares = 0;
  for (const int32_t *at = found_, *same; at != end; at = same) {
    same = std::find_if(at, const_cast<const int32_t*>(end), [at](int32_t t) { return t != *at; });
    const auto count = double(same - at);
    const double weight = (of_.sublinear_ ? 1 + std::log(count) : count) * of_.rarity_[size_t(*at)];
    squares += weight * weight;
    weights_[used++] = {*at, weight};
  }
  const double length = std::sqrt(squares);
  for (size_t j = 0; j < used; ++j) weights_[j].weight /= length;
  return {weights_, used};
}

void TermWeights::save(State& state) const {
  state.json["analyzer"] = rule_.of_characters ? "characters" : "words";
  state.json["ngrams"] = {rule_.shortest, rule_.longest};
  state.json["sublinear_tf"] = sublinear_;
  state.put_strings("terms", terms_);
  state.put<double>("idf", rarity_);
}

TermWeights TermWeights::load(const State& state) {
  const auto ngrams = state.at<std::vector<int>>("ngrams");
  const auto analyzer = state.at<std::string>("analyzer");
  const auto terms = state.get_strings("terms");
  const auto rarity = state.get<double>("idf");
  if (ngrams.size() != 2 || !fit_ngrams(ngrams[0], ngrams[1]) ||
      (analyzer != "words" && analyzer != "characters"))
    throw Error(Code::corrupt, "an encoder `text` without an analyzer or n-grams");
  if (terms.empty() || int64_t(terms.size()) > most_terms || rarity.size() != terms.size() ||
      !std::all_of(rarity.begin(), rarity.end(),
                   [](double idf) { return idf > 0.99 && idf < 64; }))  // 1 + ln(texts / those)
    throw Error(Code::corrupt, "an encoder `text` whose terms are not as its weights");
  return TermWeights({analyzer == "characters", ngrams[0], ngrams[1]},
                     state.at<bool>("sublinear_tf"), {terms.begin(), terms.end()},
                     {rarity.begin(), rarity.end()});
}

}  // namespace gristmill
