#include "clean/similar_texts.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.h"
#include "base/text.h"
#include "clean/folded_text.h"
#include "expr/utf8.h"
#include "frame/one_batch.h"

namespace gristmill {
namespace {

using expr_internal::count_characters;

constexpr auto owner = "rule fuzzy_lookup";

// The runs of digits in a text, ascending; returns how many.
size_t numbers_of(std::string_view text, std::string_view* out) {
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > at) out[count++] = text.substr(at, end - at);
    at = std::max(end, at + 1);
  }
  std::sort(out, out + count);
  return count;
}

}  // namespace

SimilarTexts SimilarTexts::build(const Column& texts) {
  std::map<std::pair<int64_t, std::string>, uint32_t> rows;  // by characters, then text
  char folded[bytes_most];
  for (int64_t i = 0; i < texts.length; ++i) {
    const size_t size = fold_text(texts.string(i), folded, bytes_most).value_or(0);
    if (size == 0) continue;
    std::string form(folded, size);
    const int64_t characters = count_characters(form);
    const auto [at, added] = rows.try_emplace({characters, std::move(form)}, uint32_t(i));
    if (!added) at->second = none;
  }
  BatchBuffer forms(Schema({{"form", Type::string, false}}));
  std::vector<uint32_t> row_of;
  for (const auto& [form, row] : rows) {
    forms[0].append(std::string_view(form.second));
    row_of.push_back(row);
  }
  const Batch batch = forms.view();
  OneBatch reader(batch);
  State state;
  state.put_state("forms", FrozenTable::build(reader, {"form"}, {}, "its key", owner).state());
  state.put("rows", std::move(row_of));
  state.put_state("index", TrigramIndex::build(batch.columns[0]).state());
  return SimilarTexts(std::move(state), size_t(texts.length));
}

SimilarTexts::SimilarTexts(State state, size_t rows)
    : state_(std::move(state)),
      forms_(state_.get_state("forms")),
      rows_(state_.get<uint32_t>("rows")),
      index_(state_.get_state("index"), forms_.rows()) {
  bool sound = forms_.keys().size() == 1 && forms_.keys()[0].type == Type::string &&
               rows_.size() == forms_.rows();
  for (size_t i = 0; sound && i < rows_.size(); ++i)
    sound = (rows_[i] == none || rows_[i] < rows) && form(uint32_t(i)).size() <= bytes_most;
  if (!sound)
    throw Error(Code::corrupt, "the saved texts of rule fuzzy_lookup do not fit together");
}

uint32_t SimilarTexts::find_equal(std::string_view folded) const {
  const int32_t offsets[] = {0, int32_t(folded.size())};
  const Column cell{.type = Type::string, .length = 1, .data = folded.data(), .offsets = offsets};
  const Column* cells[] = {&cell};
  return forms_.find(cells, 0);
}

std::pair<uint32_t, uint32_t> SimilarTexts::of_like_length(std::string_view folded,
                                                           double least) const {
  const auto own = double(count_characters(folded));
  auto first_where = [&](auto&& holds) {
    uint32_t low = 0, high = uint32_t(rows_.size());
    while (low < high) {
      const uint32_t middle = std::midpoint(low, high);
      holds(double(count_characters(form(middle)))) ? high = middle : low = middle + 1;
    }
    return low;
  };
  return {first_where([&](double other) { return 2 * other / (own + other) >= least; }),
          first_where([&](double other) { return 2 * own / (own + other) < least; })};
}

SimilarTexts::Search::Search(const SimilarTexts& texts, Thresholds thresholds, Scratch& scratch)
    : texts_(texts),
      thresholds_(thresholds),
      folded_(scratch.values<char>(bytes_most)),
      index_(texts.index_, bytes_most, scratch),
      ratio_(bytes_most, scratch),
      numbers_(scratch.values<std::string_view>(bytes_most)),
      other_numbers_(scratch.values<std::string_view>(bytes_most)) {}

bool SimilarTexts::Search::is_match(std::string_view text, const Match& match) const {
  if (match.best.similarity < thresholds_.match) return false;
  if (match.best.similarity == match.second.similarity) return false;
  return std::equal(numbers_, numbers_ + numbers_of(text, numbers_), other_numbers_,
                    other_numbers_ + numbers_of(texts_.form(match.best.form), other_numbers_));
}

SimilarTexts::Match SimilarTexts::Search::find(std::string_view text) {
  const size_t size = fold_text(text, folded_, bytes_most).value_or(0);
  if (size == 0) return {};
  const std::string_view folded(folded_, size);
  if (const uint32_t equal = texts_.find_equal(folded); equal != none)
    return {.row = texts_.rows_[equal], .best = {equal, 1}, .second = {}};
  const auto [first, last] = texts_.of_like_length(folded, thresholds_.doubtful);
  const auto nearest = index_.nearest(folded, first, last);
  if (nearest.empty()) return {};
  ratio_.set(folded);
  auto closer = [](const Similar& a, const Similar& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.form < b.form;
  };
  Match match;
  for (const uint32_t form : nearest) {
    const Similar similar{form, ratio_.to(texts_.form(form))};
    if (similar.similarity < thresholds_.doubtful) continue;
    if (closer(similar, match.best))
      match.second = std::exchange(match.best, similar);
    else if (closer(similar, match.second))
      match.second = similar;
  }
  if (match.best.form != none && is_match(folded, match)) match.row = texts_.rows_[match.best.form];
  return match;
}

}  // namespace gristmill
