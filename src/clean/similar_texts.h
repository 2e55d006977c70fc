// Finds the one text of a reference table that another text is meant to be, though it is written
// otherwise. Texts are compared folded (folded_text.h). What is equal then is found by its hash;
// else those that share most trigrams (trigram_index.h) are compared one by one
// (token_sort_ratio.h).
//
// State: `forms`, a FrozenTable of the different folded texts by their count of characters; `rows`
// u32, which row each form is of, or `none` where it is of several; `index`, their TrigramIndex.
#pragma once

#include <span>
#include <string_view>

#include "clean/frozen_table.h"
#include "clean/token_sort_ratio.h"
#include "clean/trigram_index.h"

namespace gristmill {

class SimilarTexts {
 public:
  static constexpr uint32_t none = ~uint32_t(0);
  static constexpr size_t bytes_most = 1024;  // of a folded text; longer ones are like no other

  static SimilarTexts build(const Column& texts);  // no nulls
  SimilarTexts(State state, size_t rows);          // Code::corrupt

  // How alike two texts must be, from 0 to 1.
  struct Thresholds {
    double match, doubtful;  // match ≥ doubtful
  };
  struct Similar {
    uint32_t form = none;
    double similarity = 0;
  };
  struct Match {
    uint32_t row = none;   // that the text is of without a doubt
    Similar best, second;  // of those at least doubtful
    bool doubtful() const { return row == none && best.form != none; }
  };
  std::string_view form(uint32_t i) const { return forms_.keys()[0].string(i); }

  // Not thread-safe. Its memory is the same whatever is searched.
  class Search {
   public:
    Search(const SimilarTexts& texts, Thresholds thresholds, Scratch& scratch);
    // The best is a match where it is alike enough, no other is as much, it is of one row, and the
    // numbers in it are the same.
    Match find(std::string_view text);

   private:
    bool is_match(std::string_view text, const Match& match) const;

    const SimilarTexts& texts_;
    Thresholds thresholds_;
    char* folded_;
    TrigramIndex::Search index_;
    TokenSortRatio ratio_;
    std::string_view *numbers_, *other_numbers_;
  };

  const State& state() const { return state_; }

 private:
  uint32_t find_equal(std::string_view folded) const;
  // The forms, from first to before last, whose length allows them to be as alike.
  std::pair<uint32_t, uint32_t> of_like_length(std::string_view folded, double least) const;

  State state_;  // keeps the bytes alive
  FrozenTable forms_;
  std::span<const uint32_t> rows_;
  TrigramIndex index_;
};

}  // namespace gristmill
