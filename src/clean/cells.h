// What rules over cells share: bitmaps of hit cells, built 64 rows at a time; making the hit cells
// missing; and telling the report. A bitmap of n rows is (n + 63) / 64 words; bits past n are 0.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/state.h"
#include "clean/rule.h"
#include "frame/bitmap.h"

namespace gristmill {

// The words of a column's validity; all ones where there is none.
inline uint64_t present_word(const Column& column, int64_t word) {
  return column.validity != nullptr ? word_at(column.validity, word, column.length)
                                    : full_word(word, column.length);
}

// Sets the bit of each present cell i for which match(i) is true. True when any is.
template <class Match>
bool find_hits(const Column& column, uint64_t* hits, Match&& match) {
  uint64_t any = 0;
  for (int64_t word = 0; word * 64 < column.length; ++word) {
    const int64_t base = word * 64;
    uint64_t bits = 0;
    // A full word has a fixed trip count, without branches where match has none.
    if (base + 64 <= column.length) {
      for (int j = 0; j < 64; ++j) bits |= uint64_t(bool(match(base + j))) << j;
    } else {
      for (int64_t i = base; i < column.length; ++i) bits |= uint64_t(bool(match(i))) << (i - base);
    }
    hits[word] = bits & present_word(column, word);
    any |= hits[word];
  }
  return any != 0;
}

// The same for numbers, four or eight cells at a time: match(v) is given single cells and vectors
// of them, and so must be made of comparisons, & and | alone.
template <class T, class Match>
bool find_number_hits(const Column& column, uint64_t* hits, Match&& match) {
  const T* cells = column.values<T>();
  uint64_t any = 0;
  for (int64_t word = 0; word * 64 < column.length; ++word) {
    const T* from = cells + word * 64;
    const int64_t count = std::min<int64_t>(64, column.length - word * 64);
    uint64_t bits = 0;
    int64_t i = 0;
    constexpr int lanes = 32 / int(sizeof(T));
    typedef T Lanes __attribute__((vector_size(32)));
    for (; i + lanes <= count; i += lanes) {
      Lanes v;
      std::memcpy(&v, from + i, sizeof(v));
      auto mask = match(v);
      int found = sizeof(T) == 8 ? _mm256_movemask_pd(reinterpret_cast<__m256d>(mask))
                                 : _mm256_movemask_ps(reinterpret_cast<__m256>(mask));
      bits |= uint64_t(uint32_t(found)) << i;
    }
    for (; i < count; ++i) bits |= uint64_t(bool(match(from[i]))) << i;
    hits[word] = bits & present_word(column, word);
    any |= hits[word];
  }
  return any != 0;
}

// Sets the bit of each null, and of each NaN. True when any is.
bool find_missing(const Column& column, uint64_t* hits);

template <class Visit>
void for_hits(const uint64_t* hits, int64_t rows, Visit&& visit) {
  for_each_bit(reinterpret_cast<const uint8_t*>(hits), rows, visit);
}

// A copy of `column` in which write(i, out) appends what stands in place of each hit cell i; the
// runs between them are copied whole.
template <class Write>
Column rewritten(const Column& column, const uint64_t* hits, Scratch& scratch, Write&& write) {
  ColumnBuffer& out = scratch.column(column.type);
  int64_t done = 0;
  for_hits(hits, column.length, [&](int64_t i) {
    out.append(column, done, i - done);
    write(i, out);
    if (column.type == Type::string) scratch.count_text(out.string(i).size());
    done = i + 1;
  });
  out.append(column, done, column.length - done);
  return out.view();
}

// Points `column` at a copy in which the hit cells are null; values are not copied unless text has
// to move.
void make_missing(Column& column, const uint64_t* hits, Scratch& scratch);

// A cell as a report shows it: null, "text" in quotes and cut when long, else as people read it.
std::string report_text(const Column& column, int64_t i);

// Counts hit rows and cells of one apply() into a report; does nothing without one.
class Touches {
 public:
  Touches(RuleReport* report, const Batch& rows, int64_t first_row, Scratch& scratch);
  ~Touches();
  Touches(const Touches&) = delete;
  Touches& operator=(const Touches&) = delete;

  void add(const std::string& name, const uint64_t* hits, const Column& before,
           const Column& after);
  void count(const uint64_t* hits);  // without examples

 private:
  RuleReport* report_;
  int64_t rows_, first_row_;
  uint64_t* touched_ = nullptr;
};

// The column of a saved rule in the schema it is bound to: Code::not_found, or Code::invalid when
// its type is no longer what the rule was made for.
size_t bound_column(const Schema& schema, const std::string& name, Type type,
                    const std::string& owner);

// Runs `read`, turning what JSON throws on a state that is not ours into Code::corrupt.
template <class Read>
auto read_state(const std::string& owner, Read&& read) {
  try {
    return read();
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "the saved state of " + owner + " is not one");
  }
}

}  // namespace gristmill
