#include "model/tree_slots.h"

#include <immintrin.h>

#include <cmath>
#include <map>
#include <tuple>

namespace gristmill {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

float fill_missing(float x, Missing missing) {
  if (missing >= Missing::zero_right && std::abs(x) <= zero_threshold) x = not_a_number;
  bool left = missing == Missing::nan_left || missing == Missing::zero_left;
  return left && std::isnan(x) ? minus_infinity : x;
}

}  // namespace

TreeSlots::TreeSlots(const Forest& forest, const FeatureLayout& layout,
                     std::vector<uint32_t>& slot_of) {
  slot_of.assign(forest.feature.size(), 0);
  number_columns(forest, layout, slot_of);
  number_sets(forest, layout, slot_of);
}

void TreeSlots::number_columns(const Forest& forest, const FeatureLayout& layout,
                               std::vector<uint32_t>& slot_of) {
  std::map<std::tuple<int32_t, Missing>, uint32_t> known;
  for (size_t i = 0; i < slot_of.size(); ++i) {
    if (forest.decision[i] & Decision::categorical) continue;
    int32_t feature = forest.feature[i];
    bool code = feature >= layout.floats;
    Missing missing = missing_of(forest, i);
    auto [it, is_new] = known.emplace(std::tuple(feature, missing), count_);
    if (is_new) {
      int32_t column = code ? feature - int32_t(layout.floats) : feature;
      columns_.push_back({column, code, missing});
      ++count_;
    }
    slot_of[i] = it->second;
  }
}

void TreeSlots::number_sets(const Forest& forest, const FeatureLayout& layout,
                            std::vector<uint32_t>& slot_of) {
  std::vector<uint32_t> set_of;
  sets_ = collect_level_sets(forest, layout, set_of);
  std::map<int32_t, uint32_t> first_slot;
  for (const LevelSets& sets : sets_) {
    first_slot_.push_back(count_);
    first_slot[sets.column + int32_t(layout.floats)] = count_;
    count_ += sets.words * 32;
  }
  for (size_t i = 0; i < slot_of.size(); ++i) {
    if (forest.decision[i] & Decision::categorical) {
      slot_of[i] = first_slot[forest.feature[i]] + set_of[i];
    }
  }
}

void TreeSlots::fill(const FeatureRows& rows, int64_t row, float* values) const {
  const float* floats = rows.floats + row * rows.float_stride;
  const int32_t* codes = rows.codes + row * rows.code_stride;
  values[0] = minus_infinity;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSlot& slot = columns_[i];
    float x = slot.code ? float(codes[slot.column]) : floats[slot.column];
    values[i + 1] = fill_missing(x, slot.missing);
  }
  // A bit becomes a lane of ones, which is a NaN.
  const __m256i first = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  for (size_t s = 0; s < sets_.size(); ++s) {
    const LevelSets& sets = sets_[s];
    const uint32_t* bits = sets.bits.data() + size_t(sets.row(codes[sets.column])) * sets.words;
    float* to = values + first_slot_[s];
    for (uint32_t w = 0; w < sets.words; ++w, to += 32) {
      __m256i word = _mm256_set1_epi32(int32_t(bits[w]));
      for (int byte = 0; byte < 4; ++byte) {
        __m256i select = _mm256_slli_epi32(first, 8 * byte);
        __m256i lanes = _mm256_cmpeq_epi32(_mm256_and_si256(word, select), select);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8 * byte), lanes);
      }
    }
  }
}

}  // namespace gristmill
