// How many texts have each term, and how often all of them do: counted in bounded memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feature/levels.h"

namespace gristmill {

// Exact until there are more different terms than most_terms; then those of the fewest texts are
// forgotten, and counted from 0 where they come again. Merging chunks in order gives the very
// counts of adding them one after the other.
class TermCounts {
 public:
  static constexpr size_t most_terms = LevelCounts::max_values / 2;

  struct Term {
    std::string text;
    int64_t texts = 0, occurrences = 0;
  };

  // The terms of one text, sorted. Of one chunk: each has counts of its own.
  void add(const std::vector<std::string_view>& terms);
  void merge(const TermCounts& later);
  // Those of at least `least` texts, at most `most`: the most frequent of all texts, then by their
  // bytes, by which they are sorted.
  std::vector<Term> frequent(int64_t least, size_t most) const;

 private:
  void count(int32_t place, int64_t occurrences);
  void forget_rare();

  LevelCounts texts_;
  std::vector<int64_t> occurrences_;  // by place in texts_
};

}  // namespace gristmill
