// Finds the texts that share most of a text's trigrams, without looking at the others: an inverted
// index, of which the lists of the rarest trigrams are read, as many as have postings_most entries.
//
// Trigrams are of the characters of each word, with two spaces before it and one after it, as
// PostgreSQL's pg_trgm has them, so that the order of words is of no account. One that is in df of
// n texts weighs the bits of ⌊n / df⌋, an inverse document frequency in whole numbers. Texts are
// ranked by Dice's coefficient of these weights, as far as the lists were read.
//
// Arrays: `trigrams` u64, ascending, of three characters of 21 bits each; `begins` u32[trigrams +
// 1]; `postings` u32, the texts that have a trigram, ascending; `weights` u32[texts], of all
// trigrams of a text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/state.h"
#include "frame/column.h"
#include "frame/scratch.h"

namespace gristmill {

class TrigramIndex {
 public:
  static constexpr size_t nearest_most = 64, postings_most = 8192;

  static TrigramIndex build(const Column& texts);  // folded, no nulls
  // Views the State's bytes. Checks every index: Code::corrupt.
  TrigramIndex(State state, size_t texts);

  // Memory for searches, each of which leaves it as it was.
  class Search {
   public:
    // For texts of at most `longest` bytes.
    Search(const TrigramIndex& index, size_t longest, Scratch& scratch);
    // Of the texts numbered [first, last), at most nearest_most that share most with `text`; of
    // equals the first. In no order.
    std::span<const uint32_t> nearest(std::string_view text, uint32_t first, uint32_t last);

   private:
    struct List {
      const uint32_t *begin, *end;
      uint32_t weight;
      size_t size() const { return size_t(end - begin); }
    };
    struct Candidate {
      uint32_t text, shared, weight;
    };
    void find_lists(std::string_view text, uint32_t first, uint32_t last);
    void read_rarest();
    bool better(const Candidate& a, const Candidate& b) const;

    const TrigramIndex& index_;
    int32_t* characters_;
    uint64_t* trigrams_;
    List* lists_;
    size_t list_count_ = 0, touched_count_ = 0;
    uint32_t weight_ = 0;          // of the trigrams that are known
    uint32_t *shared_, *touched_;  // of each text, 0 between searches; those where it is not
    Candidate* candidates_;
    uint32_t nearest_[nearest_most];
  };

  const State& state() const { return state_; }

 private:
  State state_;  // keeps the bytes alive
  std::span<const uint64_t> trigrams_;
  std::span<const uint32_t> begins_, postings_, weights_;
};

}  // namespace gristmill
