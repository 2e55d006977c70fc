#include "feature/term_counts.h"

#include <algorithm>

namespace gristmill {

void TermCounts::count(int32_t place, int64_t occurrences) {
  if (place == LevelCounts::left_over_place) return;
  if (size_t(place) >= occurrences_.size()) occurrences_.resize(size_t(place) + 1);
  occurrences_[size_t(place)] += occurrences;
}

void TermCounts::add(const std::vector<std::string_view>& terms) {
  for (size_t begin = 0, end; begin < terms.size(); begin = end) {
    end = begin + 1;
    while (end < terms.size() && terms[end] == terms[begin]) ++end;
    count(texts_.add(terms[begin]), int64_t(end - begin));
  }
  if (texts_.distinct() > most_terms) forget_rare();
}

void TermCounts::merge(const TermCounts& later) {
  const std::vector<int32_t> places = texts_.merge(later.texts_);
  for (size_t i = 0; i < places.size(); ++i) count(places[i], later.occurrences_[i]);
  if (texts_.distinct() > most_terms) forget_rare();
}

void TermCounts::forget_rare() {
  std::vector<int64_t> counts;
  for (const auto& level : texts_.levels()) counts.push_back(level.count);
  // Half of them at most stay, so that this is not done again for long.
  auto middle = counts.begin() + int64_t(most_terms / 2);
  std::nth_element(counts.begin(), middle, counts.end(), std::greater<>());
  const int64_t rare = *middle;
  std::vector<int64_t> occurrences;
  texts_ = texts_.above(rare, [&](size_t place) { occurrences.push_back(occurrences_[place]); });
  occurrences_ = std::move(occurrences);
}

std::vector<TermCounts::Term> TermCounts::frequent(int64_t least, size_t most) const {
  struct Found {
    std::string_view text;
    int64_t texts, occurrences;
  };
  std::vector<Found> found;
  const std::vector<LevelCounts::Level> levels = texts_.levels();
  for (size_t i = 0; i < levels.size(); ++i)
    if (levels[i].count >= least)
      found.push_back({levels[i].value, levels[i].count, occurrences_[i]});
  if (found.size() > most) {
    std::nth_element(found.begin(), found.begin() + int64_t(most), found.end(),
                     [](const Found& a, const Found& b) {
                       return a.occurrences != b.occurrences ? a.occurrences > b.occurrences
                                                             : a.text < b.text;
                     });
    found.resize(most);
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.text < b.text; });
  std::vector<Term> terms;
  for (const Found& one : found)
    terms.push_back({std::string(one.text), one.texts, one.occurrences});
  return terms;
}

}  // namespace gristmill
